package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// A tenant's row has the last number that the tenant has of each set, and a program
// serves the tenants that have at least its own. An older program, which doesn't
// know these columns, leaves them behind the ledger: the first look heals that.

// atLeast is true for the rows of partywall.tenants t with at least the sets' numbers.
func atLeast(sets []schema.Set) string {
	conditions := make([]string, len(sets))
	for i, s := range sets {
		conditions[i] = fmt.Sprintf("t.%s >= %d", s.Version, s.Last())
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}

// heal has a tenant's columns say what its ledger says.
const heal = `
	UPDATE partywall.tenants t SET pw_version = greatest(t.pw_version, l.pw_version), version = greatest(t.version, l.version)
	FROM (
		SELECT coalesce(max(number) FILTER (WHERE set = 'tenant'), 0) AS pw_version, coalesce(max(number) FILTER (WHERE set = 'product'), 0) AS version
		FROM partywall.migrations WHERE tenant = $1
	) l
	WHERE t.id = $1 AND (l.pw_version > t.pw_version OR l.version > t.version)`

// entering is an attempt to enter a tenant. Its row must meet the condition, besides
// having the program's versions.
type entering struct {
	db        *DB
	id        domain.TenantID
	condition string
}

// source is the FROM clause of an opening: the tenant's row, if it admits the program.
func (e entering) source() string {
	return ` FROM partywall.tenants t WHERE t.id = ` + pq.QuoteLiteral(e.id.String()) + ` AND ` + e.condition + ` AND ` + atLeast(e.db.sets.Tenant)
}

// try runs attempt. Where the row refuses entry, try returns the reason: there is no
// such tenant, or its schema is older than the program. Where only the columns are
// older, try heals them and runs attempt again.
func (e entering) try(ctx context.Context, attempt func() error) error {
	err := attempt()
	if !errors.Is(err, pg.ErrNotLetIn) {
		return err
	}
	if err := e.whyNot(ctx); err != nil {
		return err
	}
	if err = attempt(); errors.Is(err, pg.ErrNotLetIn) {
		return pg.ErrNoSuchTenant()
	}
	return err
}

// whyNot returns nil where the next attempt may succeed.
func (e entering) whyNot(ctx context.Context) error {
	logins, err := e.db.logins()
	if err != nil {
		return err
	}
	upToDate, err := pg.One(ctx, logins.system, scanBool, `SELECT `+hasFiles(e.db.sets.Tenant)+` FROM partywall.tenants t WHERE t.id = $1 AND `+e.condition, e.id.String())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return pg.ErrNoSuchTenant()
	case err != nil:
		return err
	case !upToDate:
		return errUpgrading()
	}
	return logins.system.InScope(ctx, e.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, heal, e.id.String())
		return err
	})
}

// hasFiles is true for the rows of partywall.tenants t whose ledger has the sets' numbers.
func hasFiles(sets []schema.Set) string {
	conditions := make([]string, len(sets))
	for i, s := range sets {
		conditions[i] = fmt.Sprintf("(SELECT coalesce(max(m.number), 0) FROM partywall.migrations m WHERE m.tenant = t.id AND m.set = '%s') >= %d", s.Name, s.Last())
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}

func scanBool(row pg.Scanner) (value bool, err error) { err = row.Scan(&value); return value, err }

func errUpgrading() *domain.Error { return domain.NewError(domain.CodeTenantUpgrading) }
