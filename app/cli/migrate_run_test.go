package cli

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

func TestMigrateRunsTheMigrations(t *testing.T) {
	needPostgres(t)
	db, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	env := product(map[string]string{
		"DB_HOST": db.Host, "DB_PORT": strconv.Itoa(db.Port), "DB_USER": db.User, "DB_PASSWORD": db.Password.Reveal(), "DB_NAME": "product",
		"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client",
	})
	run := func(line string, code int, parts ...string) string {
		t.Helper()
		got := runCommand(t, env, strings.Fields(line)...)
		for _, part := range parts {
			if !strings.Contains(got.out+got.err, part) {
				t.Errorf("%s: %q is missing in %+v", line, part, got)
			}
		}
		if got.code != code {
			t.Fatalf("%s: %+v", line, got)
		}
		return got.out
	}
	if out := run("migrate up", exitFailure, "`invoices setup`"); out != "" {
		t.Errorf("a run that was refused reports %q", out)
	}
	run("setup", exitOK)
	for _, id := range []string{"acme", "bolt", "cove"} {
		run("tenants create "+id+" --owner ada", exitOK)
	}
	run("migrate plan", exitOK, "nothing to run; 3 tenants")
	run("migrate up", exitOK, "no tenant is behind")

	env[releaseTwo] = "yes"
	run("migrate plan", exitOK, "3 tenants", "product/0002_limit.sql", "acme bolt cove")
	run("migrate up --on-error stop --workers 1", exitFailure, "1 failed: migration product/0002_limit.sql failed", "2 tenants not tried", "3 of 3 tenants are behind", "1 of them failed: ", "`invoices migrate up`")
	run("migrate status", exitFailure, "3 tenants, 3 behind", "no run has reached it yet; invoices migrate up goes on")
	run("migrate up --canary 30%", exitFailure, "2 tenants left", "3 of 3 tenants are behind", "1 of them failed: ")
	lines := strings.Split(strings.TrimSpace(run("migrate up --json", exitFailure)), "\n")
	var done migratedObject
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &done); err != nil || done.Tenants != 3 || done.Behind != 3 || len(done.Failures) != 1 || strings.Join(done.Failures[0].Tenants, " ") != "acme bolt cove" {
		t.Errorf("got %+v, %v from %q", done, err, lines)
	}

	withoutDearInvoices(t, env, "acme", "bolt", "cove")
	run("migrate up --canary 30%", exitOK, "brought 1 of 3 tenants", "2 tenants left", "invoices migrate up, which goes on")
	status := run("migrate status", exitFailure, "3 tenants, 2 behind", "1 tenant migrated already: ")
	canary := strings.TrimPrefix(lineWith(status, "migrated already"), "1 tenant migrated already: ")
	if canary = strings.TrimSpace(canary); !slices.Contains([]string{"acme", "bolt", "cove"}, canary) || strings.Contains(status, "\n"+canary) {
		t.Errorf("status names the canary %q in %q", canary, status)
	}
	run("migrate retry", exitOK, "brought 2 of 3 tenants")
	run("migrate plan --json", exitOK)
	run("migrate status", exitOK, "3 tenants, 0 behind")
}

func TestTheFlagsOfMigrateAreChecked(t *testing.T) {
	for line, says := range map[string]string{
		"up --canary 5": "--canary", "up --canary 0%": "--canary", "up --canary 101%": "--canary", "up --canary some": "--canary",
		"up --workers 0": "--workers", "retry --lock-timeout 0s": "--lock-timeout", "up --patience=-1s": "--patience", "up --on-error wait": "--on-error", "retry --canary 5%": "--canary",
	} {
		if got := runCommand(t, nil, append([]string{"migrate"}, strings.Fields(line)...)...); got.code != exitMisuse || !strings.Contains(got.err, says) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
