package setup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// tryTenant makes tenants for trial and undoes them, so that what breaks new tenants
// is found here and not by the first of them. It stops setup, before anything is
// published, unless the fault is in a file that tenants have already: then setup
// goes on with those, and the installation remembers that no tenant can be made.
func (s *setup) tryTenant(ctx context.Context) error {
	err := s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := schema.RefuseChanged(ctx, tx, s.sets.Tenant); err != nil {
			return err
		}
		published, err := schema.ReadPublished(ctx, tx)
		if err != nil {
			return err
		}
		s.sets.Tenant = published.Published(s.sets.Tenant)
		if err := s.trial(ctx, tx); err != nil {
			return err
		}
		return errTried
	})
	failure := ""
	if e, ok := errors.AsType[*schema.FileError](err); ok && e.Published && !schema.Busy(err) && !schema.Lost(err) {
		failure = e.Error()
		s.left = append(s.left, "no tenant can be made: "+failure)
		s.report("no tenant can be made: " + failure)
	} else if !errors.Is(err, errTried) {
		return err
	}
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE partywall.installation SET trial_failure = nullif($1, '') WHERE trial_failure IS DISTINCT FROM nullif($1, '')`, failure)
		return err
	})
}

// errTried undoes a trial that went well.
var errTried = errors.New("a tenant can be made")

// trial makes a tenant as a creation does, OnProvision aside, then another, and
// enters the first as its role.
func (s *setup) trial(ctx context.Context, tx *sqlx.Tx) error {
	first, err := s.trialTenant(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.trySecond(ctx, tx); err != nil {
		return err
	}
	return s.in.CheckEntry(ctx, tx, first)
}

// trySecond makes another tenant beside the first: what a file of the first took
// outside of its schema, the second finds taken. Only errors that say so count, since
// the transaction is one for both: SET CONSTRAINTS ALL of the first holds here, too.
func (s *setup) trySecond(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT second"); err != nil {
		return err
	}
	id, err := s.trialTenant(ctx, tx)
	if e, ok := errors.AsType[*schema.FileError](err); ok && !schema.Busy(err) && !schema.Lost(err) {
		if isTaken(err, id) {
			e.Text += ": this is the second tenant, and the first could be made: what lies outside of a tenant's schema belongs into a shared migration, or is made with IF NOT EXISTS"
			return e
		}
		err = nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT second")
	return err
}

// isTaken reports whether err says that something exists or is missing outside of the
// tenant's schema. Which names there are doesn't depend on when constraints are checked.
func isTaken(err error, id domain.TenantID) bool {
	e, ok := errors.AsType[*pq.Error](err)
	switch {
	case !ok:
		return false
	case e.Code == pqerror.UniqueViolation:
		return e.Schema != pg.SchemaOf(id)
	}
	switch e.Code.Class() {
	case "42", "3F": // names that exist or don't
		return true
	}
	return false
}

// trialTenant makes a tenant whose ID is of the reserved kind, so that no other has it.
func (s *setup) trialTenant(ctx context.Context, tx *sqlx.Tx) (domain.TenantID, error) {
	random := make([]byte, 4)
	rand.Read(random)
	id, err := domain.ParseTenantID("pw--trial-" + hex.EncodeToString(random))
	if err != nil {
		return id, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO partywall.tenants (id, name, status, request) VALUES ($1, $1, 'suspended', '')`, id.String())
	if err != nil {
		return id, err
	}
	return id, s.in.MakeTenant(ctx, tx, s.sets.Tenant, id, 0, false)
}
