package pg_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/internal/pgwire"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

func TestTheServersCertificateComesFromTheAuthority(t *testing.T) {
	t.Parallel()
	secure, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = secure.Close() })
	cfg := postgres.Config{Host: "127.0.0.1", Port: secure.Port, User: secure.User, Password: secure.Password, Database: "tls", SSLMode: "verify-full"}
	ours, theirs := pgtest.NewAuthority(t), pgtest.NewAuthority(t)

	attempt := func(cfg postgres.Config) error {
		return postgres.Setup(t.Context(), cfg, func(string) {})
	}
	pgtest.ServeTLS(t, secure, ours.Sign(t, "127.0.0.1"))
	cfg.SSLRootCert = ours.File
	if err := attempt(cfg); err != nil {
		t.Fatalf("verify-full with the right authority: %v", err)
	}
	_ = pgtest.Reopen(t, cfg)
	super := pgtest.Login(t, cfg, "postgres", secure.SuperuserPassword)
	if got := pgtest.Query[bool](t, super, `SELECT coalesce(bool_and(s.ssl), false) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
		WHERE a.datname = current_database() AND a.usename <> current_user`); !got {
		t.Error("a connection is not encrypted")
	}
	cfg.SSLRootCert = theirs.File
	err = attempt(cfg)
	pgtest.MustBe(t, err, postgres.CodeLoginRefused)
	pgtest.MustSay(t, err, "DB_SSLMODE=verify-full: set DB_SSLROOTCERT to")
	cfg.SSLRootCert = ""
	pgtest.MustBe(t, attempt(cfg), postgres.CodeLoginRefused)

	pgtest.ServeTLS(t, secure, ours.Sign(t, "127.0.0.2"))
	cfg.SSLRootCert = ours.File
	err = attempt(cfg)
	pgtest.MustBe(t, err, postgres.CodeLoginRefused)
	pgtest.MustSay(t, err, "set DB_HOST to a name")
	cfg.SSLMode = "verify-ca"
	if err := attempt(cfg); err != nil {
		t.Errorf("verify-ca asks for no name: %v", err)
	}
}

func TestAnExpiredCertificateIsRenewed(t *testing.T) {
	err := &pgwire.TLSFailure{Err: &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}}}
	cfg := pg.Config{Host: "db.example.com", SSLMode: "verify-full"}
	pgtest.MustSay(t, pg.LoginError(t.Context(), cfg, "partywall", err), "no safe connection to db.example.com", "renew the server's certificate")
}

// TestAllThatIsSentIsEncrypted looks at every connection, also at those that cancel.
func TestAllThatIsSentIsEncrypted(t *testing.T) {
	t.Parallel()
	secure, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = secure.Close() })
	ours := pgtest.NewAuthority(t)
	pgtest.ServeTLS(t, secure, ours.Sign(t, "127.0.0.1"))
	cfg := postgres.Config{Host: "127.0.0.1", Port: secure.Port, User: secure.User, Password: secure.Password, Database: "tls", SSLMode: "verify-full", SSLRootCert: ours.File}
	super := pgtest.Login(t, postgres.Config{Host: secure.Host, Port: secure.Port, Database: "postgres"}, "postgres", secure.SuperuserPassword)
	const sslRequest = "\x00\x00\x00\x08\x04\xd2\x16\x2f"
	var requests atomic.Int64
	listen := func(message []byte) (pass, breakOff bool) {
		switch {
		case string(message) == sslRequest:
			requests.Add(1)
		case message[0] < 0x14 || message[0] > 0x17 || message[1] != 3: // a record of TLS
			t.Errorf("it was sent in clear text: %q", message)
		}
		return true, false
	}
	pgtest.Through(t, &cfg).Cut.Store(&listen)
	pgtest.SetUp(t, cfg)
	db := pgtest.Reopen(t, cfg)
	acme := pgtest.MakeTenant(t, db, "acme")
	for _, mode := range []string{"require", "verify-ca", "verify-full"} {
		cfg.SSLMode = mode
		db := pgtest.Reopen(t, cfg)
		before := requests.Load()
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTenant(ctx, acme, func(ctx context.Context, tx *sqlx.Tx) error {
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err := tx.ExecContext(ctx, `SELECT pg_sleep(60)`)
			return err
		})
		pgtest.MustBe(t, err, context.Canceled)
		const sleeping = `SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active' AND pid <> pg_backend_pid()`
		for deadline := time.Now().Add(30 * time.Second); pgtest.Query[int](t, super, sleeping) > 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the server received no cancel", mode)
			}
		}
		if requests.Load() <= before {
			t.Errorf("%s: no connection asked for TLS", mode)
		}
	}
}

// TestTheClientShowsItsCertificate has a server ask for one, as libpq's users have it.
func TestTheClientShowsItsCertificate(t *testing.T) {
	secure, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = secure.Close() })
	ours := pgtest.NewAuthority(t)
	pgtest.ServeTLS(t, secure, ours.Sign(t, "127.0.0.1"))
	super := pgtest.Login(t, postgres.Config{Host: secure.Host, Port: secure.Port, Database: "postgres"}, "postgres", secure.SuperuserPassword)
	authorities := filepath.Join(secure.Dir, "ca.pem")
	hba := filepath.Join(secure.Dir, "pg_hba.conf")
	for path, text := range map[string][]byte{
		authorities: domain.Must(os.ReadFile(ours.File)),
		hba:         []byte("host postgres all all scram-sha-256\nhostssl tls all all scram-sha-256 clientcert=verify-ca\n"),
	} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.Execute(t, super, `ALTER SYSTEM SET ssl_ca_file = 'ca.pem'`)
	if err := secure.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.Mkdir(filepath.Join(home, ".postgresql"), 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := postgres.Config{Host: "127.0.0.1", Port: secure.Port, User: secure.User, Password: secure.Password, Database: "tls", SSLMode: "verify-full"}
	attempt := func() error { return postgres.Setup(t.Context(), cfg, func(string) {}) }
	write := func(name string, text []byte, mode os.FileMode) {
		path := filepath.Join(home, ".postgresql", name)
		if err := errors.Join(os.WriteFile(path, text, mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.MustBe(t, attempt(), postgres.CodeLoginRefused) // the authority is unknown
	write("root.crt", domain.Must(os.ReadFile(ours.File)), 0o644)
	pgtest.MustBe(t, attempt(), postgres.CodeLoginRefused) // it shows no certificate
	both := ours.Sign(t, "127.0.0.1")
	write("postgresql.crt", both, 0o644)
	pgtest.MustBe(t, attempt(), postgres.CodeLoginRefused) // it has no key
	write("postgresql.key", both, 0o644)
	err = attempt()
	command := regexp.MustCompile(`run: (chmod 600 \S+postgresql\.key)`).FindStringSubmatch(fmt.Sprint(err))
	if !errors.Is(err, postgres.CodeLoginRefused) || command == nil {
		t.Fatalf("a key that others may read: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", command[1]).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command[1], err, out)
	}
	if err := attempt(); err != nil {
		t.Error(err)
	}
}
