package installation

import (
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// Target is the tenant's schema, as the server takes the files for it.
func (in Installation) Target(id domain.TenantID) schema.Target {
	on := schema.TenantTarget(pg.SchemaOf(id))
	on.Separately = in.Citus
	return on
}
