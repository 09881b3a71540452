package pgtest

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// Open sets a fresh database up and opens it.
func Open(t testing.TB, changes ...func(*postgres.Config)) (*postgres.DB, postgres.Config) {
	t.Helper()
	cfg := NewConfig(t, changes...)
	SetUp(t, cfg)
	return Reopen(t, cfg), cfg
}

// SetUp runs setup, and returns what it reports.
func SetUp(t testing.TB, cfg postgres.Config) (report string) {
	t.Helper()
	var lines []string
	if err := postgres.Setup(t.Context(), cfg, func(line string) { lines = append(lines, line) }); err != nil {
		t.Fatalf("setup failed: %v", err)
	}
	return strings.Join(lines, "\n")
}

// Reopen opens a database that is set up, and closes it after the test.
func Reopen(t testing.TB, cfg postgres.Config) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("cannot open it: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Walls are the two ways to set up an installation.
var Walls = map[string]func(*postgres.Config){
	"with roles":    func(*postgres.Config) {},
	"without roles": RolesOff,
}

// RolesOff takes the second wall away.
func RolesOff(cfg *postgres.Config) { cfg.Roles = postgres.RolesOff }

// OneConnection makes sure that the next borrower has what the last one left.
func OneConnection(cfg *postgres.Config) { cfg.MaxConns = 3 }

// MustFailSetup fails unless setup refuses with the code, and says the parts.
func MustFailSetup(t testing.TB, cfg postgres.Config, code error, says ...string) (report string) {
	t.Helper()
	var lines []string
	err := postgres.Setup(t.Context(), cfg, func(line string) { lines = append(lines, line) })
	MustBe(t, err, code)
	MustSay(t, err, says...)
	return strings.Join(lines, "\n")
}
