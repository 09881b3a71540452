package doctor_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports/doctor"
)

// meant has what the operator does where a finding's advice leaves the statement to
// the operator.
var meant = map[string]string{
	"a stranger who creates where extensions are":       `REVOKE CREATE ON SCHEMA ext FROM stranger_{inst}`,
	"a stranger named like one of our roles":            `REVOKE CREATE ON SCHEMA ext FROM pw_stranger_{inst}`,
	"a tenant's role that creates where extensions are": `REVOKE CREATE ON SCHEMA ext FROM "pw_{inst}_t_acme"`,
	"a tenant's role that owns a table":                 `REASSIGN OWNED BY "pw_{inst}_t_acme" TO {user}`,
	"a tenant's role that a stranger may become":        `REVOKE "pw_{inst}_t_acme" FROM pw_{inst}_stranger`,
	"a maker that a stranger may become":                `REVOKE pw_{inst}_maker_0 FROM pw_{inst}_stranger`,
	"a gate that may become another role":               `REVOKE pw_{inst}_boss FROM pw_{inst}_gate_0`,
	"a gate that gives tenants' roles away":             `REVOKE ADMIN OPTION FOR "pw_{inst}_t_acme" FROM pw_{inst}_gate_0`,
	"a database that takes few connections":             `ALTER DATABASE {db} CONNECTION LIMIT -1`,
	"passwords kept as MD5":                             `ALTER DATABASE {db} RESET password_encryption`,
	"connections without TLS on RDS":                    `ALTER DATABASE {db} RESET rds.force_ssl`,
	"statements in the log":                             `ALTER DATABASE {db} RESET log_statement`,
	"arguments of slow statements in the log":           `ALTER DATABASE {db} SET log_parameter_max_length = 0`,
}

// followedElsewhere are the mistakes whose advice another test follows, or that no
// statement fixes.
var followedElsewhere = map[string]string{
	"a migration that never ran":      "TestTwoVersions; a ledger that lost a row looks the same",
	"commits that a crash loses":      "the server of the tests is hasty from its command line",
	"a master user of RDS as DB_USER": `"another DB_USER on" of package setup hands the database to another user`,
	"a tenant without a schema":       "TestOneTenantComesBack of package app",
	"a migration that was changed":    `"a file that was changed" restores the file`,
	"a database that is ahead":        "TestTwoVersions runs the newer program",
	"a gate with too many tenants":    "TestGatesAreSetAndTenantsMovedBetweenThem of package app/cli",
	"a consumer that lags":            "TestTheOperatorLooksAfterConsumers of package app/cli",
	"an event that was set aside":     "TestTheOperatorLooksAfterConsumers of package app/cli",
}

// advised finds the statements in an advice, and who runs them.
var advised = []struct {
	pattern *regexp.Regexp
	owner   bool
}{
	{regexp.MustCompile(`^run as DB_USER: (.+)$`), true},
	{regexp.MustCompile(`^run as the database's owner: ?(.+?)(?:; where .+)?$`), true},
	{regexp.MustCompile(`^(?:run )?as a superuser(?:, connected to the database(?:, once no other program needs it there)?)?: (.+?)(?:; then call app.Setup.*)?$`), false},
	{regexp.MustCompile(`^(.+), as (?:a|another) superuser$`), false},
	{regexp.MustCompile(`once it is certain that no program needs them: (.+)$`), false},
	{regexp.MustCompile(`^take it away as a superuser, .* or (ALTER ROLE .+ NOSUPERUSER .+)$`), false},
}

// adviceOf is what a finding, or the operator who reads it, has the superuser or
// DB_USER run, and whether setup follows.
func adviceOf(t *testing.T, name string, m mistake, f doctor.Finding) (statements string, owner, setup bool) {
	t.Helper()
	setup = strings.Contains(f.Fix, "call app.Setup")
	if text, ok := meant[name]; ok {
		return text, false, false
	}
	if grant := regexp.MustCompile(`^GRANT (.+) TO (\S+)$`).FindStringSubmatch(m.do); grant != nil && strings.HasPrefix(f.Fix, "take it away") {
		return "REVOKE " + grant[1] + " FROM " + grant[2], false, false
	}
	if alter := regexp.MustCompile(`^(ALTER ROLE \S+) (LOGIN|BYPASSRLS)$`).FindStringSubmatch(m.do); alter != nil && strings.HasPrefix(f.Fix, "take it away") {
		return alter[1] + " NO" + alter[2], false, false
	}
	for _, a := range advised {
		if found := a.pattern.FindStringSubmatch(f.Fix); found != nil {
			return found[1], a.owner, setup
		}
	}
	if !setup && m.as != "none" {
		t.Errorf("no test follows the advice %q", f.Fix)
	}
	return "", false, setup
}

// follow does what the finding of a mistake says. Then all is well.
func follow(t *testing.T, name string, m mistake, found doctor.Finding, cfg, changed postgres.Config, fill *strings.Replacer) {
	t.Helper()
	statements, owner, setup := adviceOf(t, name, m, found)
	if statements != "" {
		by := pgtest.Superuser(t, cfg)
		if owner {
			by = pgtest.Login(t, cfg, cfg.User, cfg.Password)
		}
		executeAll(t, by, fill.Replace(statements))
	}
	if m.as == "none" && !setup { // it is a variable that the advice changes
		changed = cfg
	}
	if setup {
		pgtest.SetUp(t, changed)
	}
	pgtest.MustFind(t, changed, m.check, doctor.OK, "", m.others...)
}

// executeAll runs statements one by one, as psql does, in one session.
func executeAll(t *testing.T, db *sqlx.DB, statements string) {
	t.Helper()
	all := []string{statements}
	if !strings.Contains(statements, "$$") {
		all = strings.Split(statements, ";")
	}
	session, err := db.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	for _, statement := range all {
		if _, err := session.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// withChangedNotes has a file of the product's changed after it was applied.
func withChangedNotes(cfg *postgres.Config) {
	cfg.TenantMigrations = fstest.MapFS{"0001_notes.sql": {Data: []byte("SELECT 'another'")}}
}
