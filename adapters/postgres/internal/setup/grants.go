package setup

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// schemas reports the tenants that have none. They are no reason to fail: all else is set up.
func (s *setup) schemas(ctx context.Context) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		missing, err := inspection.ReadMissingSchemas(ctx, tx)
		if err != nil || len(missing) == 0 {
			return err
		}
		names := make([]string, len(missing))
		for i, id := range missing {
			names[i] = id.String()
		}
		s.did(`tenants without a schema, which setup does not make anew: %s: restore each from a backup, as docs/production.md says under "One tenant"`, pg.FirstFew(names))
		return nil
	})
}

// grants gives each tenant's role anew what it lacks.
func (s *setup) grants(ctx context.Context) error {
	if !s.in.Roles {
		return nil
	}
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL jit = off`); err != nil { // see [pg.Config.OwnScope]
			return err
		}
		lacks, err := inspection.ReadTenantLacks(ctx, tx, s.in)
		if err != nil {
			return err
		}
		for _, l := range lacks {
			if err := s.grantAnew(ctx, tx, l); err != nil {
				return err
			}
			s.did("granted anew what was lacking: %s", l)
		}
		return nil
	})
}

func (s *setup) grantAnew(ctx context.Context, tx *sqlx.Tx, l inspection.TenantLack) error {
	id, err := domain.ParseTenantID(l.Tenant)
	if err != nil {
		return err
	}
	names := map[string]string{"schema": pg.SchemaOf(id), "role": s.in.TenantRole(id), "gate": s.in.GateRole(l.Gate)}
	statements := []string{strings.TrimSpace(installation.GrantSchema)}
	switch {
	case l.Role:
		if err := s.in.MakeRole(ctx, tx, id, l.Gate); err != nil {
			return err
		}
	case l.Membership:
		if names["maker"], err = s.in.MakerOf(ctx, tx, names["role"]); err != nil {
			return err
		}
		statements = append(statements, `SET LOCAL ROLE {maker}`, `GRANT {role} TO {gate}`+s.in.OnlyToBecome(), `SET LOCAL ROLE NONE`)
	}
	verb, things := "GRANT %s TO %s", l.Things
	if l.All {
		statements = append(statements, installation.GrantAll)
		verb, things = "REVOKE %s FROM %s", l.Denied
	}
	message := []string{pg.Fill(strings.Join(statements, "; "), names)}
	for _, thing := range things { // a table's name may have braces
		message = append(message, fmt.Sprintf(verb, thing, pq.QuoteIdentifier(names["role"])))
	}
	_, err = tx.ExecContext(ctx, strings.Join(message, "; "))
	return err
}
