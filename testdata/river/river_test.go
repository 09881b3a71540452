package river_test

import (
	"context"
	"database/sql"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/riverqueue/river"

	sample "example.com/river"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := apptest.Close(); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// product is a product whose tenants have invoices, and which has River's tables.
func product(t *testing.T) *app.Config {
	t.Helper()
	migrations, err := sample.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(migrations, "*.sql")
	if err != nil || len(files) < 7 {
		t.Fatalf("the migrations are %v: %v", files, err)
	}
	return &app.Config{
		SharedMigrations: migrations,
		TenantMigrations: fstest.MapFS{"0001_invoices.sql": {Data: []byte(`
			CREATE TABLE invoices (id bigint PRIMARY KEY, reminded boolean NOT NULL DEFAULT false)`)}},
	}
}

// enqueue adds an invoice to the tenant, and a reminder of it in the same transaction.
func enqueue(t *testing.T, client *river.Client[*sql.Tx], x *apptest.Tenant, invoice int64) {
	t.Helper()
	inside(t, x, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO invoices (id) VALUES ($1) ON CONFLICT DO NOTHING`, invoice); err != nil {
			return err
		}
		return sample.Remind(ctx, client, tx, x.ID, invoice)
	})
}

func inside(t *testing.T, x *apptest.Tenant, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := x.InTenant(t.Context(), x.Owner.Member, fn); err != nil {
		t.Fatal(err)
	}
}

func enqueuer(t *testing.T) *river.Client[*sql.Tx] {
	t.Helper()
	client, err := sample.Enqueuer()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// shared returns the value of a query that sees all jobs.
func shared[T any](t *testing.T, x *apptest.Tenant, query string, args ...any) (value T) {
	t.Helper()
	err := x.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error { return tx.GetContext(ctx, &value, query, args...) })
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestAJobRunsInsideTheTenantThatEnqueuedIt(t *testing.T) {
	acme := apptest.Open(t, product(t))
	beta := acme.Another(t)
	client := enqueuer(t)
	for _, x := range []*apptest.Tenant{acme, beta} {
		for range 2 { // the second is a duplicate of the first
			enqueue(t, client, x, 7)
		}
	}
	inside(t, beta, func(ctx context.Context, tx *sqlx.Tx) error { // beta is suspended before its job runs
		_, err := tx.ExecContext(ctx, `INSERT INTO invoices (id) VALUES (8)`)
		return err
	})
	if jobs := shared[int](t, acme, `SELECT count(*) FROM river_job WHERE tenant IN ($1, $2)`, acme.ID.String(), beta.ID.String()); jobs != 2 {
		t.Fatalf("there are %d jobs", jobs)
	}
	steward := domain.Must(access.Installation().Steward(beta.ID))
	if _, err := beta.Tenants.Suspend(t.Context(), steward, "unpaid"); err != nil {
		t.Fatal(err)
	}

	url, err := acme.SharedURL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", url.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	workers, err := sample.NewWorkers(acme.Partywall, db, &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		FetchCooldown:     10 * time.Millisecond,
		FetchPollInterval: 20 * time.Millisecond,
		Logger:            slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := workers.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if shared[int](t, acme, `SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled')`) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the jobs have not run: " + shared[string](t, acme, `SELECT string_agg(concat(tenant, ' ', state, ' ', errors), E'\n') FROM river_job`))
		}
	}
	if err := workers.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	for x, want := range map[*apptest.Tenant]string{acme: "completed", beta: "cancelled"} {
		if got := shared[string](t, acme, `SELECT state FROM river_job WHERE tenant = $1`, x.ID.String()); got != want {
			t.Errorf("the job is %s, want %s", got, want)
		}
	}
	if _, err := beta.Tenants.Resume(t.Context(), steward, ""); err != nil {
		t.Fatal(err)
	}
	for x, want := range map[*apptest.Tenant]bool{acme: true, beta: false} {
		inside(t, x, func(ctx context.Context, tx *sqlx.Tx) error {
			var reminded bool
			err := tx.GetContext(ctx, &reminded, `SELECT bool_or(reminded) FROM invoices`)
			if reminded != want {
				t.Errorf("the invoice of %s was reminded of: %v", x.ID, reminded)
			}
			return err
		})
	}
}

// TestJobsOfNeighboursStayHidden tries on River's own table what the escape table tries on
// a small one.
func TestJobsOfNeighboursStayHidden(t *testing.T) {
	acme := apptest.Open(t, product(t))
	rival := acme.Another(t)
	client := enqueuer(t)
	enqueue(t, client, rival, 7)
	enqueue(t, client, acme, 8)
	for name, test := range map[string]struct {
		sql  string
		want string // an SQLSTATE, or empty: no row is met
	}{
		"it sees them":                    {`SELECT args FROM shared.river_job WHERE tenant <> $1`, ""},
		"it sees them, without policies":  {`SELECT set_config('row_security', 'off', true) FROM shared.river_job WHERE tenant <> $1`, ""},
		"it renames them":                 {`UPDATE shared.river_job SET kind = 'planted' WHERE tenant <> $1 RETURNING 1`, ""},
		"it changes them":                 {`UPDATE shared.river_job SET state = 'cancelled', finalized_at = now() WHERE tenant <> $1 RETURNING 1`, "42501"},
		"it deletes them":                 {`DELETE FROM shared.river_job WHERE tenant <> $1 RETURNING 1`, "42501"},
		"it inserts in a neighbour's":     {`INSERT INTO shared.river_job (kind, tenant, args) SELECT 'reminder', '{rival}', '{"tenant": "{rival}", "invoice": 7}' WHERE $1 <> '' RETURNING 1`, "42501"},
		"it names a neighbour in args":    {`INSERT INTO shared.river_job (kind, args) SELECT 'reminder', '{"tenant": "{rival}", "invoice": 7}' WHERE $1 <> '' RETURNING 1`, "23514"},
		"it inserts a job of the product": {`INSERT INTO shared.river_job (kind, tenant, args) SELECT 'bill', NULL, '{}' WHERE $1 <> '' RETURNING 1`, "42501"},
		"it gives its own job away":       {`UPDATE shared.river_job SET tenant = '{rival}' WHERE tenant = $1 RETURNING 1`, "42501"},
		"it meets a neighbour's unique key": {`
			INSERT INTO shared.river_job (kind, args, unique_key, unique_states)
			SELECT 'reminder', '{"tenant": "{acme}"}', '\x01', B'11111111' WHERE $1 <> ''
			ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND unique_states IS NOT NULL AND shared.river_job_state_in_bitmask(unique_states, state)
			DO UPDATE SET kind = river_job.kind RETURNING 1`, "42501"},
	} {
		t.Run(name, func(t *testing.T) {
			err := acme.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE river_job SET unique_key = '\x01', unique_states = B'11111111' WHERE tenant = $1`, rival.ID.String())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var got string
			_ = acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
				rows, err := tx.QueryContext(ctx, fill(test.sql, acme, rival), acme.ID.String())
				if err == nil {
					if rows.Next() {
						got = "a row"
					}
					_ = rows.Close()
					err = rows.Err()
				}
				if state := pq.As(err); state != nil {
					got = string(state.Code)
				}
				return context.Canceled // undoes it
			})
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	inside(t, acme, func(ctx context.Context, tx *sqlx.Tx) error {
		var own []string
		err := tx.SelectContext(ctx, &own, `SELECT tenant FROM shared.river_job`)
		if len(own) != 1 || own[0] != acme.ID.String() {
			t.Errorf("acme sees the jobs of %v", own)
		}
		return err
	})
}

// fill puts the tenants' IDs into a statement.
func fill(statement string, acme, rival *apptest.Tenant) string {
	return strings.NewReplacer("{acme}", acme.ID.String(), "{rival}", rival.ID.String()).Replace(statement)
}

func TestJobsOfAPurgedTenantAreForgotten(t *testing.T) {
	acme := apptest.Open(t, product(t))
	beta := acme.Another(t)
	client := enqueuer(t)
	enqueue(t, client, acme, 7)
	enqueue(t, client, beta, 7)
	forget := sample.ForgetJobs(acme.Partywall)
	for _, kind := range []domain.EventKind{domain.EventTenantDeleted, domain.EventTenantPurged} {
		if err := forget(t.Context(), domain.Event{Kind: kind, Tenant: acme.ID}); err != nil {
			t.Fatal(err)
		}
		want := 1
		if kind == domain.EventTenantPurged {
			want = 0
		}
		if jobs := shared[int](t, acme, `SELECT count(*) FROM river_job WHERE tenant = $1`, acme.ID.String()); jobs != want {
			t.Errorf("after %s acme has %d jobs, want %d", kind, jobs, want)
		}
	}
	if jobs := shared[int](t, acme, `SELECT count(*) FROM river_job WHERE tenant = $1`, beta.ID.String()); jobs != 1 {
		t.Errorf("its neighbour has %d jobs", jobs)
	}
}
