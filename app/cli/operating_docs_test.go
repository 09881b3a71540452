package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheCommandsForOperatorsSucceed runs the commands of docs/operating.md, one after the
// other, on the tenants that the page speaks of.
func TestTheCommandsForOperatorsSucceed(t *testing.T) {
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada", "--name", "Acme Bricks")
	do("tenants", "create", "bolt", "--owner", "bob")
	do("tenants", "create", "calm", "--owner", "ada")
	do("tenants", "create", "dull", "--owner", "ada")
	do("tenants", "suspend", "calm", "--reason", "for the list of suspended tenants")

	path := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(path, "partywall")); err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			if strings.Contains(line, "members suspend acme eva") {
				do("members", "grant", "acme", "eva", "--role", "viewer", "--reason", "she is back")
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", "PATH="+path+":$PATH; "+line)
			got := resultOf(t, cmd, env, t.TempDir())
			switch {
			case strings.Contains(line, "partywall doctor"):
				if !strings.Contains(got.out, "fix: ") {
					t.Errorf("%s: %+v", line, got) // the user pool of the test does not exist
				}
			case got.code != exitOK || strings.Contains(line, "list") && strings.Count(got.out, "\n") == 0:
				t.Errorf("%s: %+v", line, got)
			}
			followed++
		}
	}
	if followed < 20 {
		t.Errorf("the page has only %d commands", followed)
	}
}
