package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// tryTenant makes a tenant for trial and undoes it, so that what breaks new tenants
// is found here and not by the first of them. It stops setup, before anything is
// published, unless the fault is in a file that tenants have already: then setup
// goes on with those, and the installation remembers that no tenant can be made.
func (s *setup) tryTenant(ctx context.Context) error {
	err := s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := refuseChanged(ctx, tx, s.sets.tenant); err != nil {
			return err
		}
		published, err := readPublished(ctx, tx)
		if err != nil {
			return err
		}
		s.sets.tenant = published.published(s.sets.tenant)
		if err := s.trial(ctx, tx); err != nil {
			return err
		}
		return errTried
	})
	failure := ""
	if e, ok := errors.AsType[*fileError](err); ok && e.published && !busy(err) && !gone(err) {
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

// trial makes a tenant as a creation does, OnProvision aside, and enters it as its
// role. Its ID is of the reserved kind, so that no tenant has it.
func (s *setup) trial(ctx context.Context, tx *sqlx.Tx) error {
	random := make([]byte, 4)
	rand.Read(random)
	id, err := domain.ParseTenantID("pw--trial-" + hex.EncodeToString(random))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO partywall.tenants (id, name, status, request) VALUES ($1, $1, 'suspended', '')`, id.String())
	if err != nil {
		return err
	}
	if err := s.in.furnish(ctx, tx, s.sets.tenant, id, false); err != nil {
		return err
	}
	return s.in.tryToEnter(ctx, tx, id)
}

// furnish makes a tenant's schema and role, and runs its migrations: the sets' own
// and those that a newer program has published. Afterwards path and settings are
// the scope's.
func (in installation) furnish(ctx context.Context, tx *sqlx.Tx, sets []set, id domain.TenantID, lenient bool) error {
	if err := in.makeSchema(ctx, tx, id); err != nil {
		return err
	}
	sets, err := withNewer(ctx, tx, sets)
	if err != nil {
		return err
	}
	on := tenantGround(schemaOf(id))
	on.together, on.lenient = true, lenient
	for _, set := range sets {
		if err := on.run(ctx, tx, set, set.migrations); err != nil {
			return err
		}
		if err := set.record(ctx, tx, id.String(), set.migrations); err != nil {
			return err
		}
	}
	return nil
}

// tryToEnter becomes the tenant's role, where there is one, and looks whether its
// schema is reached. The transaction must end then.
func (in installation) tryToEnter(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	if in.roles {
		if err := in.becomeTenant(ctx, tx, id); err != nil {
			return err
		}
	}
	var reached bool
	err := tx.GetContext(ctx, &reached, `SELECT coalesce(pg_catalog.current_schema() = $2, false) FROM pg_catalog.set_config('search_path', $1, true)`, pathOf(schemaOf(id)), schemaOf(id))
	if err == nil && !reached {
		return refusal(CodeMigrationFailed, nil, "a tenant's role doesn't reach its own schema: a migration took USAGE on it away")
	}
	return err
}
