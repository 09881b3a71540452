package cli

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
)

func TestWithNothingConfiguredTheBannerHasTheStoryOfREADME(t *testing.T) {
	cfg := app.DefaultConfig()
	if scenes := story(stockName, cfg, false); len(scenes) != 1 || scenes[0].lines != storyScript {
		t.Errorf("%+v", scenes)
	}
}

// TestTheBannerShowsLinesThatWork runs the lines of the banner in a shell, for
// each configuration that changes the story.
func TestTheBannerShowsLinesThatWork(t *testing.T) {
	operator := map[string]string{"TENANT_CREATION": "operator", "OPERATOR_TOKEN": strings.Repeat("x", 32)}
	cases := map[string]map[string]string{
		"everyone creates tenants":               nil,
		"signed-in users create tenants":         {"TENANT_CREATION": "authenticated"},
		"the operator creates tenants":           operator,
		"addresses are confirmed":                {"LOCAL_REQUIRE_CONFIRMATION": "true"},
		"addresses are confirmed, then a tenant": {"LOCAL_REQUIRE_CONFIRMATION": "true", "TENANT_CREATION": "authenticated"},
	}
	for name, env := range cases {
		t.Run(name, func(t *testing.T) { playsOut(t, serveProgram(t, env, "--memory"), env) })
	}
	t.Run("the operator has no token", func(t *testing.T) {
		needPostgres(t)
		env := map[string]string{"TENANT_CREATION": "operator", "DATA_DIR": filepath.Join(t.TempDir(), "data")}
		s := serveProgram(t, env)
		clusterOf(t, s)
		playsOut(t, s, env)
	})
}

func TestTheStoryOfACognitoPoolConfirmsTheAddress(t *testing.T) {
	cfg := app.DefaultConfig()
	cfg.Cognito.PoolID = "eu-central-1_abc"
	cfg.PublicURL = &url.URL{Scheme: "https", Host: "api.example.com"}
	scenes := story(stockName, cfg, false)
	if len(scenes) != 2 || strings.Contains(scenes[0].lines, "ada@") || !strings.Contains(scenes[1].lines, "/auth/verify-email") || !strings.HasPrefix(scenes[0].lines, "api=https://api.example.com\n") {
		t.Errorf("%+v", scenes)
	}
}

func TestAStepThatFailsShowsItsAnswer(t *testing.T) {
	s := serveProgram(t, map[string]string{"TENANT_CREATION": "authenticated"}, "--memory")
	chapters := strings.Split(strings.Replace(storyScript, "http://localhost:3000", s.url, 1), "\n\n")
	if out := paste(t, nil, chapters[0]+"\n"+chapters[1]); !strings.Contains(out, "sign in to create a tenant") {
		t.Errorf("%q", out)
	}
}

// playsOut runs the scenes of s's banner, the second one with the code from the log.
func playsOut(t *testing.T, s *server, env map[string]string) {
	t.Helper()
	awaitSaid(t, s, "X-Tenant-ID: neighbour'")
	_, shown, _ := strings.Cut(s.said(), "Try it: ")
	shown = strings.ReplaceAll(linesOf(shown), "http://localhost:", "http://127.0.0.1:")
	first, second, confirms := strings.Cut(shown, "# the address is hers")
	out := paste(t, env, first)
	if confirms {
		awaitSaid(t, s, `"msg":"mail"`)
		code := regexp.MustCompile(`"code":"(\d+)"`).FindStringSubmatch(lineWith(s.said(), `"msg":"mail"`))
		if code == nil {
			t.Fatal("there is no code in the mail of the log")
		}
		variables, _, _ := strings.Cut(first, "\n\n")
		out += paste(t, env, variables+"\n# "+strings.Replace(second, "12345678", code[1], 2))
	}
	for _, want := range []string{`"role":"owner"`, "Hello, Acme!", `"code":"tenant_not_found"`} {
		if !strings.Contains(out, want) {
			t.Errorf("the story does not show %s:\n%s\n%s", want, shown, out)
		}
	}
}

// linesOf returns the indented lines of a banner, which are to be pasted.
func linesOf(banner string) string {
	var b strings.Builder
	for line := range strings.Lines(banner) {
		if line == "\n" || strings.HasPrefix(line, "  ") {
			b.WriteString(strings.TrimPrefix(line, "  "))
		}
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// paste runs lines in a shell in which partywall is this program.
func paste(t *testing.T, env map[string]string, lines string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", fmt.Sprintf("partywall() { %q \"$@\"; }\n", os.Args[0])+lines)
	cmd.Env, cmd.Dir = environ(env), t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, lines, out)
	}
	return string(out)
}
