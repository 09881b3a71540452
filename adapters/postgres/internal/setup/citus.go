package setup

import (
	"context"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// tryNodes enters the nodes of a Citus cluster as a role like the tenants'. The trial of a
// tenant cannot do that, because it is undone, and a node has a role only after the commit.
func (s *setup) tryNodes(ctx context.Context) error {
	if !s.in.Citus || !s.in.Roles {
		return nil
	}
	if err := s.step(ctx, s.in.EnsureTrialRole); err != nil {
		return err
	}
	refusing, err := s.in.RefusingNodes(ctx, s.pool, s.cfg.OwnScope())
	if err == nil && len(refusing) > 0 {
		return pg.Refusal(pg.CodeLoginRefused, nil, "the Citus nodes %s refuse the roles of tenants, as %s: %s; or set up another database with TENANT_ROLES=off", pg.FirstFew(refusing), s.in.TrialRole(), installation.AdmitTenants)
	}
	return err
}
