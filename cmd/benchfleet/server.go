package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/realservers"
)

// hasty are settings without which the disk, not the server, would be measured.
var hasty = []string{"fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '4GB'", "checkpoint_timeout = '1h'"}

// server is a PostgreSQL whose data are kept from run to run.
type server struct {
	*embeddedpg.Server
	home   string // its DATA_DIR
	binDir string
	super  *sql.DB
}

// binaries returns the folder of the programs of a major version.
func binaries(ctx context.Context, version int) (string, error) {
	debian := fmt.Sprintf("/usr/lib/postgresql/%d/bin", version)
	if found, err := filepath.Glob(debian); err != nil || len(found) == 1 {
		return debian, err
	}
	if version == 18 {
		return realservers.FetchPostgreSQL18(ctx)
	}
	return "", fmt.Errorf("PostgreSQL %d is not on this machine: apt-get install postgresql-%[1]d", version)
}

// startServer starts the server whose data are in the folder home.
func startServer(ctx context.Context, home string, version int) (_ *server, err error) {
	s := &server{home: home}
	if s.binDir, err = binaries(ctx, version); err != nil {
		return nil, err
	}
	if s.Server, err = embeddedpg.Start(ctx, embeddedpg.Config{DataDir: home, BinDir: s.binDir}); err != nil {
		return nil, err
	}
	s.super = s.connect(s.Database, "postgres", s.SuperuserPassword.Reveal())
	if err := s.set(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// set makes the server hasty.
func (s *server) set(ctx context.Context) error {
	var statements []string
	for _, setting := range hasty {
		statements = append(statements, "ALTER SYSTEM SET "+setting)
	}
	return s.maintain(ctx, append(statements, "SELECT pg_reload_conf()")...)
}

// calm resets the settings of set, and writes to the disk what the fast settings kept in
// memory, so that the next stop and start are those of a server in production.
func (s *server) calm(ctx context.Context) error {
	return s.maintain(ctx, "ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()", "CHECKPOINT")
}

// maintain runs statements as the superuser, outside of the installation's database,
// which may not exist yet.
func (s *server) maintain(ctx context.Context, statements ...string) error {
	db := s.connect("postgres", "postgres", s.SuperuserPassword.Reveal())
	defer db.Close()
	return execute(ctx, db, statements...)
}

func execute(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// close stops the server orderly, however long it takes.
func (s *server) close() {
	_ = s.super.Close()
	_ = s.Shutdown(context.Background())
}

// connect returns a pool of a login, by lib/pq alone.
func (s *server) connect(database, login, password string) *sql.DB {
	db, _ := sql.Open("postgres", s.url(database, login, password)) // fails only for an unknown driver
	return db
}

func (s *server) url(database, login, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(login, password), Path: "/" + database, RawQuery: url.Values{
		"host": {s.Host}, "port": {strconv.Itoa(s.Port)}, "sslmode": {"disable"}, "binary_parameters": {"yes"},
	}.Encode()}
	return u.String()
}

// config is of the product with its first files.
func (s *server) config(files, maxConns int) postgres.Config {
	return postgres.Config{
		Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Database: s.Database, SSLMode: "disable",
		MaxConns: maxConns, TenantMigrations: migrations(files), Program: programName,
	}
}
