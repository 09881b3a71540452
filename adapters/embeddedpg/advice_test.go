package embeddedpg_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

// TestTheAdviceOfAStart gets from one refusal to the next by what the lines say, until
// the server starts with its data.
func TestTheAdviceOfAStart(t *testing.T) {
	folder := dataDir(t)
	first := start(t, folder)
	if _, err := login(t, first).ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	closeServer(t, first)
	passwords := filepath.Join(folder, "postgres.pgpass")
	refused := func(advice string) string {
		t.Helper()
		s, err := embeddedpg.Start(t.Context(), embeddedpg.Config{DataDir: folder})
		if err == nil {
			closeServer(t, s)
			t.Fatalf("the start isn't refused, %q is wanted", advice)
		}
		if !strings.Contains(err.Error(), advice) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("want one line with %q, got: %v", advice, err)
		}
		return err.Error()
	}

	write(t, passwords, "")
	refused(passwords + " lacks the password of partywall or postgres: remove the file")
	remove(t, passwords)
	again := start(t, folder)
	if !has(t, again, "kept") {
		t.Error("the data are gone")
	}
	closeServer(t, again)

	known, err := os.ReadFile(passwords)
	if err != nil {
		t.Fatal(err)
	}
	write(t, passwords, strings.ReplaceAll(string(known), again.Password.Reveal(), "another"))
	refused("refuses the password in " + passwords + ": remove that file")
	remove(t, passwords)
	again = start(t, folder)
	if !has(t, again, "kept") {
		t.Error("the data are gone")
	}
	closeServer(t, again)

	configuration := filepath.Join(first.Dir, "postgresql.conf")
	before, err := os.ReadFile(configuration)
	if err != nil {
		t.Fatal(err)
	}
	write(t, configuration, string(before)+"\nmax_connections = many\n")
	line := refused("see its log, ")
	log := regexp.MustCompile(`see its log, (\S+)\)`).FindStringSubmatch(line)
	if log == nil {
		t.Fatalf("no log is named: %s", line)
	}
	if text, err := os.ReadFile(log[1]); err != nil || !strings.Contains(string(text), `"max_connections"`) {
		t.Errorf("the log that is named has no cause: %v", err)
	}
	write(t, configuration, string(before))

	version := filepath.Join(first.Dir, "PG_VERSION")
	made, err := os.ReadFile(version)
	if err != nil {
		t.Fatal(err)
	}
	write(t, version, "14\n")
	refused("or move the folder away to start with an empty database")
	write(t, version, string(made))
	if err := os.Rename(first.Dir, first.Dir+".away"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(first.Dir + ".away") })
	anew := start(t, folder)
	if has(t, anew, "kept") {
		t.Error("the data are not new")
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
