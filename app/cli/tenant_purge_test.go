package cli

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"
)

// databaseOf connects to the database of env until the test ends.
func databaseOf(t *testing.T, env map[string]string) *sql.DB {
	t.Helper()
	config, err := pq.NewConfig(fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=%s sslmode=disable", env["DB_HOST"], env["DB_PORT"], env["DB_USER"], env["DB_PASSWORD"], env["DB_NAME"]))
	if err != nil {
		t.Fatal(err)
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// execute runs a statement in the database of env.
func execute(t *testing.T, env map[string]string, statement string) {
	t.Helper()
	if _, err := databaseOf(t, env).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// TestTheOperatorPurgesATenantForGood waits for no signed URL: the deletion is moved to the
// past.
func TestTheOperatorPurgesATenantForGood(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada", "--name", "Acme")
	oneLine(t, runCommand(t, env, "tenants", "purge", "acme", "--yes"), "a tenant that is active cannot be purged")
	oneLine(t, runCommand(t, env, "tenants", "free", "acme", "--yes"), "this one is active")
	do("tenants", "delete", "acme", "--yes")
	if got := typing(t, env, "bolt\n", "tenants", "purge", "acme"); got.code != exitFailure || !strings.Contains(got.err, "This removes all data and files of acme for good. Type acme to confirm") {
		t.Errorf("%+v", got)
	}
	if got := object(t, do("tenants", "purge", "acme", "--yes", "--no-wait", "--reason", "asked to be forgotten", "--json")); got["status"] != "purging" {
		t.Errorf("purged %v", got)
	}
	oneLine(t, runCommand(t, env, "tenants", "restore", "acme"), "a tenant that is purging cannot be restored")
	if out := do("tenants", "show", "acme"); !strings.Contains(out, "its data are being removed") || strings.Contains(out, "until") {
		t.Errorf("a tenant that is being purged is shown as\n%s", out)
	}

	execute(t, env, `UPDATE partywall.tenants SET deleted_at = deleted_at - interval '1 hour'`)
	file := putOrphan(t, env, "acme")
	if got := object(t, do("tenants", "purge", "acme", "--yes", "--json")); got["status"] != "gone" {
		t.Errorf("purged %v", got)
	}
	mustBeRemoved(t, file)
	if out := do("tenants", "purge", "acme", "--yes"); !strings.Contains(out, "acme (Acme) is gone") {
		t.Error(out)
	}
	oneLine(t, runCommand(t, env, "tenants", "create", "acme"), "this tenant ID is taken")
	oneLine(t, runCommand(t, env, "tenants", "free", "acme", "--yes"), "free the ID after that")
	if got := object(t, do("tenants", "list", "--status", "gone", "--json")); got["tenantId"] != "acme" {
		t.Errorf("listed %v", got)
	}

	execute(t, env, `DELETE FROM partywall.purges`) // as a server does, a day later
	file = putOrphan(t, env, "acme")
	oneLine(t, runCommand(t, env, "tenants", "free", "acme", "--yes"), "files lie under this ID")
	if got := runCommand(t, env, "tenants", "check", "--json"); got.code != exitFailure || object(t, got.out)["tenantId"] != "acme" || !strings.Contains(got.err, "1 finding to look at") {
		t.Errorf("%+v", got)
	}
	if out := do("tenants", "free", "acme", "--objects", "--yes"); out != "freed acme\n" {
		t.Error(out)
	}
	mustBeRemoved(t, file)
	do("tenants", "create", "acme", "--owner", "bob")
	if out := do("tenants", "check"); out != "nothing is left of tenants that do not exist\n" {
		t.Error(out)
	}
}

func TestTheOperatorFreesAnIDUnderWhichFilesLie(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	file := putOrphan(t, env, "lost")
	oneLine(t, runCommand(t, env, "tenants", "create", "lost"), "run `partywall tenants free lost --objects`")
	oneLine(t, runCommand(t, env, "tenants", "free", "lost", "--yes"), "no such tenant")
	do("tenants", "free", "lost", "--objects", "--yes")
	mustBeRemoved(t, file)
	do("tenants", "create", "lost", "--owner", "ada")
}

func TestTheCheckAdvisesTheCommandThatMakesAnOwner(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada")
	execute(t, env, `UPDATE partywall.memberships SET state = 'suspended'`) // as a restore of one table may leave it
	found := runCommand(t, env, "tenants", "check", "--json")
	fix, _ := object(t, found.out)["fix"].(string)
	words := strings.Fields(strings.NewReplacer("run `partywall ", "", "SUB", "bob", "TEXT", "ada-left", "`", "").Replace(fix))
	if found.code != exitFailure || len(words) == 0 {
		t.Fatalf("%+v", found)
	}
	do(words...)
	if out := do("tenants", "check"); out != "nothing is left of tenants that do not exist\n" {
		t.Error(out)
	}
}

// putOrphan puts a file of the tenant into the object store on disk, past the program.
func putOrphan(t *testing.T, env map[string]string, tenant string) (name string) {
	t.Helper()
	folder := filepath.Join(env["DATA_DIR"], "objects", tenant, "ab")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(folder, "ab"+strings.Repeat("0", 62))
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func mustBeRemoved(t *testing.T, file string) {
	t.Helper()
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}
