package postgres_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// TestSecretsChangeWithoutARefusedRequest changes secrets by the book: give the new
// ones and the old ones to each process, then run setup.
func TestSecretsChangeWithoutARefusedRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pooled bool
		before func(cfg *postgres.Config)
		change func(cfg *postgres.Config)
	}{
		"DB_GATE_SECRET": {
			before: func(cfg *postgres.Config) { cfg.GateSecret = domain.NewSecret("the secret of before") },
			change: func(cfg *postgres.Config) {
				cfg.GateSecret, cfg.GateSecretOld = domain.NewSecret("the secret of after"), cfg.GateSecret
			},
		},
		"DB_GATE_SECRET, through a pooler": {
			pooled: true,
			before: func(cfg *postgres.Config) { cfg.GateSecret = domain.NewSecret("the secret of before") },
			change: func(cfg *postgres.Config) {
				cfg.GateSecret, cfg.GateSecretOld = domain.NewSecret("the secret of after"), cfg.GateSecret
			},
		},
		"DB_PASSWORD": {change: func(cfg *postgres.Config) {
			cfg.Password, cfg.PasswordOld = domain.NewSecret("the password of after"), cfg.Password
		}},
		"DB_PASSWORD without roles": {before: pgtest.RolesOff, change: func(cfg *postgres.Config) {
			cfg.Password, cfg.PasswordOld = domain.NewSecret("the password of after"), cfg.Password
		}},
		"from DB_PASSWORD to DB_GATE_SECRET": {change: func(cfg *postgres.Config) {
			cfg.GateSecret, cfg.GateSecretOld = domain.NewSecret("the secret of after"), cfg.Password
		}},
		"from DB_GATE_SECRET to DB_PASSWORD": {
			before: func(cfg *postgres.Config) { cfg.GateSecret = domain.NewSecret("the secret of before") },
			change: func(cfg *postgres.Config) {
				cfg.GateSecret, cfg.GateSecretOld = domain.Secret{}, cfg.GateSecret
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := pgtest.NewConfig(t, pgtest.WithNotes, ownUser(t))
			if c.before != nil {
				c.before(&cfg)
			}
			pgtest.SetUp(t, cfg)
			direct := cfg
			if c.pooled {
				pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword})
				cfg.Host, cfg.Port = pooler.Host, pooler.Port
			}
			changed := cfg
			c.change(&changed)
			changeUnderLoad(t, changed, func() {
				changed := direct
				c.change(&changed)
				if report := pgtest.SetUp(t, changed); strings.Contains(report, "may not") {
					t.Error(report)
				}
			})
			pgtest.MustFind(t, changed, "database-logins", doctor.OK, "can be removed", "tenant-roles")
			changed.PasswordOld, changed.GateSecretOld = domain.Secret{}, domain.Secret{}
			pgtest.MustFind(t, changed, "database-logins", doctor.OK, "", "tenant-roles")
			pgtest.MakeTenant(t, pgtest.Reopen(t, changed), "afterwards")
		})
	}
}

// changeUnderLoad has callers log in anew for each request, while setup sets the new
// secrets.
func changeUnderLoad(t *testing.T, cfg postgres.Config, setup func()) {
	t.Helper()
	const callersAtOnce = 6 // more would leave setup too little of a small machine
	cfg.MaxConns, cfg.AcquireTimeout = 20, 30*time.Second
	db := pgtest.Reopen(t, cfg)
	acme := pgtest.MakeTenant(t, db, "acme")
	db.Gate().SetConnMaxLifetime(time.Nanosecond)
	var done atomic.Bool
	var served atomic.Int64
	var callers sync.WaitGroup
	for range callersAtOnce {
		callers.Go(func() {
			for !done.Load() {
				switch err := db.InTenant(t.Context(), acme, pgtest.InsertNote("served")); {
				case err == nil:
					served.Add(1)
				case pq.As(err) != nil || !errors.Is(err, domain.Unavailable): // the server's word; a slow machine runs out of time
					t.Errorf("a request was refused: %v", err)
					return
				}
			}
		})
	}
	more := func() {
		for want := served.Load() + 20; served.Load() < want && !t.Failed(); time.Sleep(5 * time.Millisecond) {
		}
	}
	more()
	setup()
	more()
	done.Store(true)
	callers.Wait()
	if err := db.Ready(t.Context()); err != nil {
		t.Errorf("it isn't ready: %v", err)
	}
	pgtest.MakeTenant(t, db, "later")
}

var users atomic.Int64

// ownUser gives a database a DB_USER of its own, whose password may change.
func ownUser(t *testing.T) func(*postgres.Config) {
	t.Helper()
	return func(cfg *postgres.Config) {
		cfg.User, cfg.Password = "owner_"+strconv.FormatInt(users.Add(1), 10), domain.NewSecret("the password of before")
		maintenance := *cfg
		maintenance.Database = "postgres"
		pgtest.Execute(t, pgtest.Superuser(t, maintenance), `CREATE ROLE `+cfg.User+` LOGIN CREATEROLE CREATEDB PASSWORD `+pq.QuoteLiteral(cfg.Password.Reveal()))
	}
}

// TestReadinessSeesARefusedLogin has a process go on with a secret that is no longer
// in force, while the connections that it has are fine.
func TestReadinessSeesARefusedLogin(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *postgres.Config){
		"of the gate and the system": func(cfg *postgres.Config) { cfg.GateSecret = domain.NewSecret("the secret of after") },
		"of DB_USER": func(cfg *postgres.Config) {
			cfg.Password, cfg.PasswordOld = domain.NewSecret("the password of after"), cfg.Password
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := pgtest.NewConfig(t, pgtest.WithNotes, ownUser(t), func(cfg *postgres.Config) { cfg.GateSecret = domain.NewSecret("the secret of before") })
			pgtest.SetUp(t, cfg)
			db := pgtest.Reopen(t, cfg)
			acme := pgtest.MakeTenant(t, db, "acme")
			change(&cfg)
			pgtest.SetUp(t, cfg)
			if err := db.InTenant(t.Context(), acme, pgtest.InsertNote("by a connection that is open")); err != nil {
				t.Fatal(err)
			}
			err := untilUnready(t, db)
			if !strings.Contains(err.Error(), "log in as") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// untilUnready waits until the database isn't ready, and returns why.
func untilUnready(t *testing.T, db *postgres.DB) (err error) {
	t.Helper()
	for range 600 {
		if err = db.Ready(t.Context()); err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
	return err
}

func TestReadinessSeesARefusedSharedLogin(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, withJobs)
	super := pgtest.Superuser(t, cfg)
	shared := "pw_" + pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`) + "_shared"
	pgtest.Execute(t, super, `ALTER ROLE `+shared+` NOLOGIN`)
	untilUnready(t, db)
	_, err := postgres.Open(t.Context(), cfg)
	pgtest.MustBe(t, err, postgres.CodeLoginRefused)
	withoutJobs := cfg
	withoutJobs.SharedMigrations = nil
	if err := pgtest.Reopen(t, withoutJobs).Ready(t.Context()); err != nil {
		t.Errorf("a program that has nothing in the schema shared needs no such login: %v", err)
	}
}

// TestTheOldSecretAlone looks before setup has set the new one.
func TestTheOldSecretAlone(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes, ownUser(t), func(cfg *postgres.Config) { cfg.GateSecret = domain.NewSecret("the secret of before") })
	pgtest.SetUp(t, cfg)
	cfg.GateSecret, cfg.GateSecretOld = domain.NewSecret("the secret of after"), cfg.GateSecret
	pgtest.MustFind(t, cfg, "database-logins", doctor.Warning, "DB_GATE_SECRET_OLD", "database-session")
	if err := pgtest.Reopen(t, cfg).Ready(t.Context()); err != nil {
		t.Error(err)
	}
	wrong := cfg
	wrong.GateSecret, wrong.GateSecretOld = domain.NewSecret("of no one"), domain.NewSecret("of no one either")
	_, err := postgres.Open(t.Context(), wrong)
	pgtest.MustBe(t, err, postgres.CodeLoginRefused)
}
