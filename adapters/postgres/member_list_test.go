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

// A page is read by an index, so that the last of 100,000 members cost as much as the
// first. The number of blocks that the server reads shows it, on a slow machine, too.
func TestAPageOfManyMembersCostsAsMuchAsTheFirst(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	id := pgtest.MakeTenant(t, db, "crowded")
	owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	const members, page = 100_000, 200
	pgtest.Execute(t, owner, `
		INSERT INTO partywall.memberships (tenant, provider, subject, role)
		SELECT $1, 'test', to_char(n, 'FM0000000'), CASE WHEN n % 1000 = 0 THEN 'admin' ELSE 'viewer' END FROM generate_series(1, $2) AS n`, id.String(), members)
	pgtest.Execute(t, owner, `ANALYZE partywall.memberships`)

	blocks := func(after, role string) int {
		t.Helper()
		var plans []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		text := pgtest.Query[string](t, owner, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+postgres.ListMembers, id.String(), "test", after, role, "", "", page)
		if err := json.Unmarshal([]byte(text), &plans); err != nil {
			t.Fatal(err)
		}
		return plans[0].Plan.Hit + plans[0].Plan.Read
	}
	first, last := blocks("", ""), blocks("0099799", "")
	admins, lastAdmins := blocks("", "admin"), blocks("0050000", "admin")
	for name, read := range map[string]int{"the first page": first, "the last page": last, "the first admins": admins, "the last admins": lastAdmins} {
		if read > 2*page {
			t.Errorf("%s reads %d blocks for %d members", name, read, page)
		}
	}

	took := func(after domain.Identity) time.Duration {
		t.Helper()
		started := time.Now()
		found, err := db.Members().List(t.Context(), ports.MemberQuery{Tenant: id, After: after, Limit: page})
		if err != nil || len(found) != page {
			t.Fatalf("%d members, %v", len(found), err)
		}
		return time.Since(started)
	}
	t.Logf("the first page took %v and %d blocks, the last page %v and %d blocks", took(domain.Identity{}), first, took(pgtest.Identity(t, "0099799")), last)
}
