package cli

import (
	"strings"
	"testing"
)

// TestTheOperatorRunsAStatementInsideTenants runs statements in one tenant and in all.
func TestTheOperatorRunsAStatementInsideTenants(t *testing.T) {
	env := product(onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"}))
	do := succeeding(t, env)
	do("setup")
	for _, id := range []string{"acme", "bolt", "cast"} {
		do("tenants", "create", id, "--owner", "owner-of-"+id)
	}
	do("tenants", "suspend", "cast", "--reason", "unpaid")

	const insert = "INSERT INTO invoices (cents) VALUES (12)"
	if got := runCommand(t, env, "tenants", "exec", "acme", insert); got.code != exitFailure || !strings.Contains(got.err, "in tenant acme: ") || !strings.Contains(got.err, "read-only transaction") {
		t.Errorf("a statement that writes without --write: %+v", got)
	}
	if out := do("tenants", "exec", "acme", insert, "--write"); out != "tenant,changed\nacme,1\n" {
		t.Errorf("%q", out)
	}
	if out := do("tenants", "exec", "--all", "SELECT count(*) AS n, current_schema() AS s FROM invoices", "--workers", "1"); out != "tenant,n,s\nacme,2,tenant_acme\nbolt,1,tenant_bolt\n" {
		t.Errorf("%q", out)
	}
	if out := do("tenants", "exec", "--where", "owner=owner-of-bolt", "SELECT 1 AS one"); out != "tenant,one\nbolt,1\n" {
		t.Errorf("%q", out)
	}
	out := do("tenants", "exec", "acme", `SELECT 2 AS b, NULL AS a, 'it''s "x"' AS c, '{"k": [1]}'::jsonb AS j, 1.50 AS n, 'NaN'::float8 AS f, '\x00ff'::bytea AS y, timestamptz '2026-01-31 10:30:00+01' AS t, date '2026-01-31' AS d, '{1,2}'::int[] AS l`, "--json")
	if want := `{"tenantId":"acme","row":{"b":2,"a":null,"c":"it's \"x\"","j":{"k":[1]},"n":1.50,"f":"NaN","y":"\\x00ff","t":"2026-01-31T09:30:00Z","d":"2026-01-31","l":"{1,2}"}}` + "\n"; out != want {
		t.Errorf("got  %swant %s", out, want)
	}
	got := runCommand(t, env, "tenants", "exec", "--all", "SELECT 1 / (count(*) - 1) AS part FROM invoices", "--workers", "1")
	if got.code != exitFailure || got.out != "tenant,part\nacme,1\n" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, "in tenant bolt: ") {
		t.Errorf("one tenant of two fails: %+v", got)
	}
	if got := runCommand(t, env, "tenants", "exec", "acme", "SELECT 1 AS a, 2 AS a", "--json"); got.code != exitFailure || got.out != "" || !strings.Contains(got.err, `two columns with the name "a"`) {
		t.Errorf("a name of two columns: %+v", got)
	}
	for statement, want := range map[string]string{
		" \n":                             "the statement is empty",
		"COPY invoices TO STDOUT":         "COPY",
		"COPY invoices FROM STDIN":        "COPY",
		"/* x */ copy notes TO STDOUT":    "write SELECT or INSERT",
		"COMMIT":                          "BEGIN, COMMIT and ROLLBACK",
		"ROLLBACK":                        "BEGIN, COMMIT and ROLLBACK",
		"SELECT 1; COMMIT":                "multiple commands",
		"SELECT * FROM tenant_bolt.notes": "permission denied",
		"SELECT * FROM partywall.tenants": "permission denied",
	} {
		if got := runCommand(t, env, "tenants", "exec", "acme", statement); got.code != exitFailure || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", statement, got)
		}
	}
	if got := runCommand(t, env, "tenants", "exec", "cast", "SELECT 1"); got.code != exitFailure || !strings.Contains(got.err, "no such tenant") {
		t.Errorf("a suspended tenant: %+v", got)
	}
	for _, wrong := range [][]string{
		{"acme", "SELECT 1", "--all"}, {"SELECT 1", "--all", "--where", "q=acme"}, {"SELECT 1"}, {}, {"a", "b", "c"}, {"--where", "plan=pro", "SELECT 1"}, {"--where", "q", "SELECT 1"}, {"--all", "SELECT 1", "--workers", "0"},
	} {
		if got := runCommand(t, env, append([]string{"tenants", "exec"}, wrong...)...); got.code != exitMisuse || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%q: %+v", wrong, got)
		}
	}
}
