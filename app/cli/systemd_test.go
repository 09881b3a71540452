package cli

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// dynamicUser is of the range from which systemd takes the user of a service with
// DynamicUser: one that owns no file.
const dynamicUser = 61234

// unit returns the systemd unit of docs/production.md, for a program at path with its
// configuration in a file, and its settings.
func unit(t *testing.T, path, environment string) (text string, settings map[string]string) {
	t.Helper()
	_, text, found := strings.Cut(string(domain.Must(os.ReadFile("../../docs/production.md"))), "```ini\n")
	text, _, _ = strings.Cut(text, "```")
	if !found {
		t.Fatal("docs/production.md has no unit")
	}
	for _, replaced := range [][2]string{{"/usr/local/bin/partywall", path}, {"/etc/partywall.env", environment}} {
		if !strings.Contains(text, replaced[0]) {
			t.Fatalf("the unit has no %s", replaced[0])
		}
		text = strings.ReplaceAll(text, replaced[0], replaced[1])
	}
	settings = map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, isSetting := strings.Cut(strings.TrimSpace(line), "="); isSetting {
			settings[name] = value
		}
	}
	return text, settings
}

// TestTheUnitOfTheDocs has systemd read the unit, and runs its command with its
// environment as a user that owns nothing, in the folder that systemd chooses.
func TestTheUnitOfTheDocs(t *testing.T) {
	env := realParts(t)
	if got := runCommand(t, env, "setup"); got.code != exitOK {
		t.Fatalf("setup: %+v", got)
	}
	dir, err := os.MkdirTemp("", "unit-") // the other user can enter it
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program, environment := filepath.Join(dir, "partywall"), filepath.Join(dir, "partywall.env")
	if err := os.WriteFile(program, domain.Must(os.ReadFile(os.Args[0])), 0o755); err != nil {
		t.Fatal(err)
	}
	text, settings := unit(t, program, environment)
	t.Run("systemd understands it", func(t *testing.T) { verifyUnit(t, dir, text) })

	env[asProgram], env["PORT"] = stockName, strconv.Itoa(freePort(t))
	var lines []string
	for name, value := range env {
		lines = append(lines, name+"="+value)
	}
	if err := os.WriteFile(environment, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	command := strings.Fields(settings["ExecStart"])
	s := &server{url: "http://127.0.0.1:" + env["PORT"], ended: make(chan struct{})}
	s.api = s.url
	s.cmd = exec.Command(command[0], command[1:]...)
	s.cmd.Dir = "/"
	s.cmd.Env = strings.Split(string(domain.Must(os.ReadFile(settings["EnvironmentFile"]))), "\n")
	if os.Geteuid() == 0 && settings["DynamicUser"] == "yes" {
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: dynamicUser, Gid: dynamicUser}}
	}
	s.start(t)
	s.awaitReady(t, 2*time.Minute)
	if code := status(t.Context(), s.url+"/readyz"); code != http.StatusOK {
		t.Errorf("the health check of the docs answers %d", code)
	}
	t.Run("it has no files of its own", func(t *testing.T) {
		for _, folder := range []string{"/", os.TempDir()} {
			for _, entry := range domain.Must(os.ReadDir(folder)) {
				if info, err := entry.Info(); err == nil && info.Sys().(*syscall.Stat_t).Uid == dynamicUser {
					t.Errorf("it made %s", filepath.Join(folder, entry.Name()))
				}
			}
		}
	})
	if code := s.stop(t); code != exitOK {
		t.Errorf("Restart=%s starts it again after a stop: it ends with %d", settings["Restart"], code)
	}
}

// verifyUnit requires that systemd has nothing to say about a unit, where it is
// installed.
func verifyUnit(t *testing.T, dir, text string) {
	t.Helper()
	path := filepath.Join(dir, "partywall.service")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", path).CombinedOutput(); err != nil || strings.Contains(string(out), path) {
		t.Errorf("%v: %s", err, out)
	}
}
