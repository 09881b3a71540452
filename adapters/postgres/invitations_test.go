package postgres_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Each state is listed by an index, so that 10,000 invitations that were accepted and as
// many that have expired cost a page of others nothing.
func TestAPageOfManyInvitationsCostsAsMuchAsTheFirst(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	id := pgtest.MakeTenant(t, db, "invited")
	owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	const ended, page = 10_000, 200
	pgtest.Execute(t, owner, `
		INSERT INTO partywall.tenant_invitations (id, tenant, role, created_kind, life, expires_at, token, state, accepted_provider, accepted_subject)
		SELECT '0' || substr(md5(n::text), 1, 23), $1, 'viewer', 'operator', 1000000,
			now() + CASE WHEN n <= 100 THEN 1 ELSE -1 END * interval '1 day', sha256(n::text::bytea),
			CASE WHEN n <= 100 + $2::int THEN 'open' ELSE 'accepted' END,
			CASE WHEN n <= 100 + $2::int THEN '' ELSE 'test' END, CASE WHEN n <= 100 + $2::int THEN '' ELSE n::text END
		FROM generate_series(1, 100 + 2 * $2::int) AS n`, id.String(), ended)
	pgtest.Execute(t, owner, `ANALYZE partywall.tenant_invitations`)

	blocks := func(after domain.InvitationID, state domain.InvitationState) int {
		t.Helper()
		var plans []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		text := pgtest.Query[string](t, owner, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+postgres.ListInvitations, id.String(), string(state), after.String(), page)
		if err := json.Unmarshal([]byte(text), &plans); err != nil {
			t.Fatal(err)
		}
		return plans[0].Plan.Hit + plans[0].Plan.Read
	}
	last := domain.Must(domain.ParseInvitationID("010000000000000000000000"))
	for name, read := range map[string]int{
		"the open ones": blocks(domain.InvitationID{}, domain.InvitationOpen), "the first that were accepted": blocks(domain.InvitationID{}, domain.InvitationAccepted),
		"the last that were accepted": blocks(last, domain.InvitationAccepted), "the first that have expired": blocks(domain.InvitationID{}, domain.InvitationExpired),
	} {
		t.Logf("%s: %d blocks", name, read)
		if read > 2*page {
			t.Errorf("%s: %d blocks are read for %d invitations", name, read, page)
		}
	}

	started := time.Now()
	created, err := db.Invitations().Create(t.Context(), ports.InvitationRequest{
		ID: domain.NewInvitationID(time.Now()), Tenant: id, Role: domain.RoleViewer, Life: time.Hour, By: domain.OperatorActor(), Token: domain.NewSecret("a").Hash(),
	})
	if domain.CodeOf(err) != domain.CodeInvitationQuota {
		t.Errorf("created %+v, %v beside 100 open ones", created, err)
	}
	t.Logf("the quota was found used up in %v", time.Since(started))
}
