package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestDependency(t *testing.T) {
	t.Parallel()
	porttest.Dependency(t, func(t *testing.T) porttest.Outage {
		cfg := pgtest.NewConfig(t)
		pgtest.SetUp(t, cfg)
		p := pgtest.Through(t, &cfg)
		return porttest.Outage{Dependency: pgtest.Reopen(t, cfg), Break: p.BreakDown, Restore: p.Restore}
	})
}

func TestNotThereYet(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes)
	pgtest.SetUp(t, cfg)
	p := pgtest.Through(t, &cfg)
	p.BreakDown(t)
	db := pgtest.Reopen(t, cfg)
	t.Run("all calls return database_unavailable with a time to retry after", func(t *testing.T) {
		acme, who := pgtest.TenantID(t, "acme"), pgtest.Identity(t, "ada")
		for name, call := range map[string]func(context.Context) error{
			"Ready":    db.Ready,
			"InTenant": func(ctx context.Context) error { return db.InTenant(ctx, acme, pgtest.InsertNote("x")) },
			"Create": func(ctx context.Context) error {
				_, err := db.Tenants().Create(ctx, pgtest.Creation(t, "acme"))
				return err
			},
			"Clock": func(ctx context.Context) error { _, err := db.Tenants().Probe(ctx, acme); return err },
			"List":  func(ctx context.Context) error { _, err := db.Tenants().List(ctx, acme, 1); return err },
			"Sweep": func(ctx context.Context) error { _, err := db.Tenants().Sweep(ctx); return err },
			"Find":  func(ctx context.Context) error { _, err := db.Members().Find(ctx, who, acme); return err },
			"Memberships": func(ctx context.Context) error {
				_, err := db.Members().Memberships(ctx, who, 1)
				return err
			},
			"Reserve": func(ctx context.Context) error {
				_, err := db.Reservations().Reserve(ctx, pgtest.Reservation(t, "acme"))
				return err
			},
			"Claim": func(ctx context.Context) error {
				_, err := db.Reservations().Claim(ctx, ports.Claim{Owner: who})
				return err
			},
			"UserBySubject": func(ctx context.Context) error { _, err := db.Users().UserBySubject(ctx, "x"); return err },
			"EndSessions":   func(ctx context.Context) error { return db.Users().EndSessions(ctx, "x") },
		} {
			err := call(t.Context())
			pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter <= 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("the database is used once it is reachable, without another Open", func(t *testing.T) {
		p.Restore(t)
		await(t, db)
		pgtest.Note(t, db, pgtest.MakeTenant(t, db, "acme"), "at last")
	})
}

// await waits until the database is ready, for 10 s at most.
func await(t testing.TB, db *postgres.DB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := db.Ready(t.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it isn't ready after 10 s: %v", err)
		}
	}
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes, pgtest.OneConnection)
	pgtest.SetUp(t, cfg)
	p := pgtest.Through(t, &cfg)
	silence := func([]byte) (pass, breakOff bool) { return false, false }
	t.Run("a statement that isn't answered ends with the context, and the next is served", func(t *testing.T) {
		db := pgtest.Reopen(t, cfg)
		acme, who := pgtest.MakeTenant(t, db, "acme"), pgtest.Identity(t, "owner-of-acme")
		for name, call := range map[string]func(context.Context) error{
			"Ready":    db.Ready,
			"InTenant": func(ctx context.Context) error { return db.InTenant(ctx, acme, pgtest.InsertNote("x")) },
			"in a scope": func(ctx context.Context) error {
				defer p.Cut.Store(nil)
				p.Cut.Store(nil)
				return db.InTenant(ctx, acme, func(ctx context.Context, tx *sqlx.Tx) error {
					p.Cut.Store(&silence)
					return pgtest.InsertNote("x")(context.Background(), tx)
				})
			},
			"Clock": func(ctx context.Context) error { _, err := db.Tenants().Probe(ctx, acme); return err },
			"Find":  func(ctx context.Context) error { _, err := db.Members().Find(ctx, who, acme); return err },
			"Create": func(ctx context.Context) error {
				_, err := db.Tenants().Create(ctx, pgtest.Creation(t, "rival"))
				return err
			},
		} {
			if err := errors.Join(db.Ready(t.Context()), db.InTenant(t.Context(), acme, pgtest.InsertNote("warm"))); err != nil {
				t.Fatal(err)
			}
			p.Cut.Store(&silence)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			began := time.Now()
			err := call(ctx)
			cancel()
			p.Cut.Store(nil)
			pgtest.MustBe(t, err, context.DeadlineExceeded)
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		}
		if got := pgtest.Notes(t, db, acme); slices.Contains(got, "x") {
			t.Errorf("there is %q", got)
		}
	})
	t.Run("a log-in that isn't answered ends with the context", func(t *testing.T) {
		p.Cut.Store(&silence)
		defer p.Cut.Store(nil)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := postgres.Open(ctx, cfg)
		pgtest.MustBe(t, err, context.DeadlineExceeded)
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRestart(t *testing.T) {
	t.Parallel()
	mine, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = mine.Close() })
	db, cfg := pgtest.Open(t, pgtest.WithNotes, func(cfg *postgres.Config) {
		cfg.Host, cfg.Port, cfg.User, cfg.Password = mine.Host, mine.Port, mine.User, mine.Password
	})
	acme := pgtest.MakeTenant(t, db, "acme")
	for range 10 { // fill the pools with connections that will be stale
		pgtest.Note(t, db, acme, "before")
	}
	// The server forgets what isn't on disk, being a test's.
	pgtest.Execute(t, pgtest.Login(t, cfg, "postgres", mine.SuperuserPassword), `CHECKPOINT`)
	pid, err := os.ReadFile(filepath.Join(mine.Dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(pid), "\n")
	postmaster, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(postmaster, syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	for !errors.Is(syscall.Kill(postmaster, 0), syscall.ESRCH) { // until then it may serve
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	for ; ; time.Sleep(20 * time.Millisecond) {
		_, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "after"))
		if err == nil {
			break
		}
		pgtest.MustBe(t, err, domain.Unavailable)
		if time.Since(began) > 2*time.Minute {
			t.Fatal(err)
		}
	}
	pgtest.Note(t, db, acme, "after")
	if got := pgtest.Notes(t, db, acme); !slices.Contains(got, "after") {
		t.Errorf("there is %q", got)
	}
}

func TestKilledBackend(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection)
	acme := pgtest.MakeTenant(t, db, "acme")
	super := pgtest.Superuser(t, cfg)
	t.Run("in a scope, nothing is written, and the next is served", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			if err := pgtest.InsertNote("lost")(ctx, tx); err != nil {
				return err
			}
			pgtest.Execute(t, super, `SELECT pg_terminate_backend($1)`, pgtest.Query[int](t, tx, `SELECT pg_backend_pid()`))
			return pgtest.InsertNote("lost too")(ctx, tx)
		})
		pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
		pgtest.Note(t, db, acme, "next")
		if got := pgtest.Notes(t, db, acme); !slices.Equal(got, []string{"next"}) {
			t.Errorf("there is %q", got)
		}
	})
	t.Run("between two uses, no call fails", func(t *testing.T) {
		pgtest.Execute(t, super, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		pgtest.Note(t, db, acme, "later")
		if _, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "rival")); err != nil {
			t.Error(err)
		}
		user := ports.StoredUser{Subject: "ada", Email: address(t, "ada@example.com")}
		if err := db.Users().CreateUser(t.Context(), user, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestStaleConnections(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	pgtest.SetUp(t, cfg)
	p := pgtest.Through(t, &cfg)
	db := pgtest.Reopen(t, cfg)
	acme := pgtest.MakeTenant(t, db, "acme")
	for range 3 {
		const many = 8
		all := make(chan bool, many)
		var wg sync.WaitGroup
		for range many { // each holds a connection while the others do
			wg.Go(func() {
				_ = db.InTenant(t.Context(), acme, func(context.Context, *sqlx.Tx) error {
					for all <- true; len(all) < many; time.Sleep(time.Millisecond) {
					}
					return nil
				})
			})
		}
		wg.Wait()
		p.BreakDown(t)
		p.Restore(t)
		if err := db.Ready(t.Context()); err != nil {
			t.Errorf("it isn't ready, though the database is: %v", err)
		}
	}
}

func address(t testing.TB, s string) domain.Email {
	t.Helper()
	email, err := domain.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

func TestLostCommit(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes)
	pgtest.SetUp(t, cfg)
	direct := cfg
	p := pgtest.Through(t, &cfg)
	db := pgtest.Reopen(t, cfg)
	t.Run("a creation whose answer was lost is found to have succeeded", func(t *testing.T) {
		p.CutAt("; COMMIT; ", true)
		made, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "answered"))
		if err != nil || made.Tenant.ID.String() != "answered" {
			t.Fatalf("got %+v, %v", made, err)
		}
		pgtest.MustBeWhole(t, direct, 1)
	})
	t.Run("a creation that the server cancels right after its commit is found to have succeeded", func(t *testing.T) {
		p.AnswerAt("; COMMIT; ", pgtest.Failure(pqerror.QueryCanceled))
		if _, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "ended")); err != nil {
			t.Error(err)
		}
		pgtest.MustBeWhole(t, direct, 2)
	})
	t.Run("a creation whose commit was lost is found to have failed, and can be repeated", func(t *testing.T) {
		p.CutAt("; COMMIT; ", false)
		_, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "unanswered"))
		pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
		pgtest.MustBeWhole(t, direct, 2)
		pgtest.MakeTenant(t, db, "unanswered")
		pgtest.MustBeWhole(t, direct, 3)
	})
	t.Run("a write outside of provisioning happens once or not at all", func(t *testing.T) {
		for i, after := range []bool{false, true} {
			subject := "user-" + strconv.Itoa(i)
			p.CutAt("INSERT INTO partywall.users", after)
			err := db.Users().CreateUser(t.Context(), ports.StoredUser{Subject: subject, Email: address(t, subject+"@example.com")}, nil)
			pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
			_, err = db.Users().UserBySubject(t.Context(), subject)
			pgtest.MustBe(t, err, domain.NotFound)
		}
	})
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes, pgtest.OneConnection)
	pgtest.SetUp(t, cfg)
	p := pgtest.Through(t, &cfg)
	db := pgtest.Reopen(t, cfg)
	acme := pgtest.MakeTenant(t, db, "acme")
	pgtest.Note(t, db, acme, "warm")
	for name, c := range map[string]struct {
		most int64
		do   func(ctx context.Context) error
	}{
		"a scope with one statement": {3, func(ctx context.Context) error { return db.InTenant(ctx, acme, pgtest.InsertNote("x")) }},
		"the tenant's clock":         {1, func(ctx context.Context) error { _, err := db.Tenants().Probe(ctx, acme); return err }},
		"a member's look-up with the settings of the tenant": {1, func(ctx context.Context) error {
			_, err := db.MembersWithSettings().Find(ctx, pgtest.Identity(t, "owner-of-acme"), acme)
			return err
		}},
		"the look-up of a member's only tenant with its settings": {1, func(ctx context.Context) error {
			_, err := db.MembersWithSettings().Memberships(ctx, pgtest.Identity(t, "owner-of-acme"), 2)
			return err
		}},
		"a member's look-up": {1, func(ctx context.Context) error {
			_, err := db.Members().Find(ctx, pgtest.Identity(t, "owner-of-acme"), acme)
			return err
		}},
	} {
		before := p.Turns.Load()
		if err := c.do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := p.Turns.Load() - before; took != c.most {
			t.Errorf("%s takes %d round trips, want %d", name, took, c.most)
		}
	}
}
