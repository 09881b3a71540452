package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// entering is an attempt to enter a tenant. Its row must meet the condition, have the
// gate by which the tenant is entered and, unless anyVersion is set, the program's versions.
type entering struct {
	db         *DB
	id         domain.TenantID
	condition  string
	anyVersion bool
}

// gate is the way into a tenant.
type gate struct {
	entering
	in     installation.Installation
	number int
	pool   *pg.Pool
}

// source is the FROM clause of an opening: the tenant's row, if it admits the program.
func (g gate) source() string {
	from := ` FROM partywall.tenants t WHERE t.id = ` + pq.QuoteLiteral(g.id.String()) + ` AND t.gate = ` + strconv.Itoa(g.number) + ` AND ` + g.condition
	if g.anyVersion {
		return from
	}
	return from + ` AND ` + g.db.upToDate
}

// entryAttempts bounds how often a tenant is looked for that moves all the time.
const entryAttempts = 5

// try runs attempt with the tenant's gate. Where the gate doesn't let it enter, try reads
// why, and runs attempt again where that may succeed.
func (e entering) try(ctx context.Context, attempt func(g gate) (entered bool, err error)) error {
	l, err := e.db.logins()
	if err != nil {
		return err
	}
	number, err := e.db.gateOf(ctx, l, e.id)
	if err != nil {
		return err
	}
	for range entryAttempts {
		entered, err := attempt(gate{e, l.Installation, number, l.Gates.Pool(number)})
		if err == nil || entered || !refusesEntry(err) {
			return err
		}
		next, reason := e.whyNot(ctx, l, number)
		if reason != nil {
			return reason
		}
		if next == number && !errors.Is(err, pg.ErrNotLetIn) {
			return e.mayNotBecome(l, number, err)
		}
		number = next
	}
	return domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("the tenant is being moved; try again")
}

// mayNotBecome returns err, of the tenant's own gate, with what the operator does about it.
func (e entering) mayNotBecome(l *installation.Logins, gate int, err error) error {
	if pg.LoginRefused(err) {
		return err
	}
	return errUpgrading().WithCause(fmt.Errorf("the login %s may not become the role %s: %s, which grants it anew: %w",
		l.GateRole(gate), l.TenantRole(e.id), e.db.cfg.SetItUp(), err))
}

// errNoSchema is the error where the tenant was entered, and its schema was not reached.
func (g gate) errNoSchema() error {
	return errUpgrading().WithCause(fmt.Errorf(`the schema %s is missing, or may not be used: %s, which grants it anew; a missing schema is restored from a backup, as docs/production.md says under "One tenant"`,
		pg.SchemaOf(g.id), g.db.cfg.SetItUp()))
}

// refusesEntry reports whether an opening failed as it does when the tenant has moved to
// another gate: its row says so, the gate may no longer become the role, or the gate's
// login was removed.
func refusesEntry(err error) bool {
	switch pg.SQLState(err) {
	case pqerror.InsufficientPrivilege, pqerror.InvalidParameterValue:
		return true
	}
	return errors.Is(err, pg.ErrNotLetIn) || pg.LoginRefused(err)
}

// gateOf returns the tenant's gate, as far as the program remembers it, or reads it.
func (db *DB) gateOf(ctx context.Context, l *installation.Logins, id domain.TenantID) (int, error) {
	if l.Gates.Count() == 1 {
		return 0, nil
	}
	if gate, found := db.routes.Find(id); found {
		return gate, nil
	}
	gate, err := pg.One(ctx, l.SystemFor(id), scanInt, `SELECT gate FROM partywall.tenants WHERE id = $1`, id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return 0, pg.ErrNoSuchTenant()
	}
	if err == nil {
		db.learnGate(l, id, gate)
	}
	return gate, err
}

// learnGate remembers the tenant's gate. With a single gate there is nothing to remember.
func (db *DB) learnGate(l *installation.Logins, id domain.TenantID, gate int) {
	if gate > 0 || l.Gates.Count() > 1 {
		db.routes.Set(id, gate)
	}
}
