package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestEvents(t *testing.T) {
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _ := pgtest.Open(t, change)
			events := db.Events()
			porttest.Events(t, func(*testing.T) porttest.EventLog {
				return porttest.EventLog{
					Sequencer: events, Reader: events, Consumers: events, Operations: events, Retention: events,
					Record: func(t *testing.T, event domain.Event) {
						t.Helper()
						if err := db.RecordEvent(t.Context(), event); err != nil {
							t.Errorf("record an event: %v", err)
						}
					},
				}
			})
		})
	}
}

func newEvent(t testing.TB, id string) domain.Event {
	t.Helper()
	return domain.Must(domain.NewEvent(t.Context(), domain.EventMemberAdded, pgtest.TenantID(t, id), domain.OperatorActor(), struct{}{}))
}

// TestNumberingSurvivesKilledConnections has 8 writers and 3 sequencers at work while
// their connections are killed.
func TestNumberingSurvivesKilledConnections(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	sequencers := []*postgres.DB{db, pgtest.Reopen(t, cfg), pgtest.Reopen(t, cfg)}
	const writers, each = 8, 100
	var writing, others sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			event := newEvent(t, fmt.Sprintf("t%d", i%4))
			for written := 0; written < each && t.Context().Err() == nil; {
				if db.RecordEvent(t.Context(), event) == nil {
					written++
				}
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for _, sequencer := range sequencers {
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = sequencer.Events().Sequence(ctx) // fails where it is killed
			}
		})
	}
	killed := 0
	others.Go(func() {
		admin := pgtest.Superuser(t, cfg)
		for ctx.Err() == nil {
			var n int
			if err := admin.GetContext(ctx, &n, `
				SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND usename LIKE 'pw\_%\_system' AND state = 'active' AND random() < 0.3`); err == nil {
				killed += n
			}
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		}
	})
	writing.Wait()
	stop()
	others.Wait()
	if killed == 0 {
		t.Error("no connection was killed")
	}
	sequenceAll(t, db)
	mustBeNumbered(t, pgtest.Superuser(t, cfg), writers*each)
}

func sequenceAll(t testing.TB, db *postgres.DB) {
	t.Helper()
	for failures := 0; ; {
		n, err := db.Events().Sequence(t.Context())
		switch {
		case err == nil && n == 0:
			return
		case err != nil: // by a connection that was killed before
			if failures++; failures > 20 {
				t.Fatal(err)
			}
		}
	}
}

// mustBeNumbered fails unless each event, at least so many, has a position of its own
// without a gap, and those of each tenant are in the order of their IDs.
func mustBeNumbered(t testing.TB, db *sqlx.DB, atLeast int) {
	t.Helper()
	var found struct{ Events, Numbered, Last, Disordered int }
	if err := db.GetContext(t.Context(), &found, `
		SELECT count(*) AS events, count(DISTINCT position) AS numbered, max(position) AS last,
			count(*) FILTER (WHERE position <= before) AS disordered
		FROM (SELECT position, lag(position) OVER (PARTITION BY tenant ORDER BY id) AS before FROM partywall.events) e`); err != nil {
		t.Fatal(err)
	}
	if found.Events < atLeast || found.Numbered != found.Events || found.Last != found.Events || found.Disordered != 0 {
		t.Errorf("got %+v", found)
	}
}

// TestALongTransactionDelaysNoOtherEvent leaves a transaction open that took an ID.
func TestALongTransactionDelaysNoOtherEvent(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	tx, err := pgtest.Superuser(t, cfg).Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO partywall.events (kind, tenant, actor, data) VALUES ('member.added', 'slow', 'operator', '{}')`); err != nil {
		t.Fatal(err)
	}
	if err := db.RecordEvent(t.Context(), newEvent(t, "fast")); err != nil {
		t.Fatal(err)
	}
	sequenceAll(t, db)
	if got := readEvents(t, db); len(got) != 1 || got[0].Tenant.String() != "fast" {
		t.Errorf("got %+v", got)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	sequenceAll(t, db)
	if got := readEvents(t, db); len(got) != 2 || got[1].Tenant.String() != "slow" || got[1].ID >= got[0].ID {
		t.Errorf("got %+v", got)
	}
}

func readEvents(t testing.TB, db *postgres.DB) []domain.Event {
	t.Helper()
	events, err := db.Events().Events(t.Context(), ports.EventQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestTheSystemsLoginOnlyAddsAndNumbersEvents tries the rest as that login.
func TestTheSystemsLoginOnlyAddsAndNumbersEvents(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	if err := db.RecordEvent(t.Context(), newEvent(t, "acme")); err != nil {
		t.Fatal(err)
	}
	sequenceAll(t, db)
	if err := db.RecordEvent(t.Context(), newEvent(t, "acme")); err != nil {
		t.Fatal(err)
	}
	name := "pw_" + pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`) + "_system"
	system := pgtest.Login(t, cfg, name, pg.DerivedPassword(cfg.Password, name))
	for _, refused := range []string{
		`DELETE FROM partywall.events`,
		`TRUNCATE partywall.events`,
		`UPDATE partywall.events SET data = '{}'`,
		`UPDATE partywall.events SET at = now()`,
		`UPDATE partywall.events SET position = 7, kind = 'member.left'`,
		`UPDATE partywall.events SET position = NULL WHERE position IS NULL`,
		`INSERT INTO partywall.events (kind, tenant, actor, data, position) VALUES ('member.left', 'acme', 'operator', '{}', 9)`,
		`INSERT INTO partywall.events (kind, tenant, actor, data, at) VALUES ('member.left', 'acme', 'operator', '{}', 'yesterday')`,
		`INSERT INTO partywall.events (id, kind, tenant, actor, data) OVERRIDING SYSTEM VALUE VALUES (1, 'member.left', 'acme', 'operator', '{}')`,
		`ALTER TABLE partywall.events DISABLE ROW LEVEL SECURITY`,
	} {
		if _, err := system.ExecContext(t.Context(), refused); pq.As(err, pqerror.InsufficientPrivilege) == nil {
			t.Errorf("%s: got %v", refused, err)
		}
	}
	changed, err := system.ExecContext(t.Context(), `UPDATE partywall.events SET position = 7 WHERE position = 1`)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := changed.RowsAffected(); n != 0 {
		t.Error("an event got another position")
	}
	if got := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.events WHERE position = 1 OR position IS NULL`); got != 2 {
		t.Errorf("%d events are as they were", got)
	}
}
