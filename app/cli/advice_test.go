package cli

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

// commandIn finds the command that a line says to run, or to start with.
var commandIn = regexp.MustCompile("(?:and then run|or else run|and run|start it with): ([^;\n]+)|run `([^`]+)`")

// runAdvised runs in folder dir the command that a line advises.
func runAdvised(t *testing.T, dir string, env map[string]string, line string) {
	t.Helper()
	found := commandIn.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("no command is advised: %s", line)
	}
	text := found[1] + found[2]
	for _, name := range []string{stockName, invoices.Name} { // this program is called so here
		if rest, ours := strings.CutPrefix(text, name+" "); ours {
			if got := runIn(t, dir, env, strings.Fields(rest)...); got.code != exitOK {
				t.Fatalf("%s: %+v", text, got)
			}
			return
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", text)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", text, err, out)
	}
}

// TestTheAdviceAboutDotEnv makes each mistake in .env, does what its line says, and
// has the file read.
func TestTheAdviceAboutDotEnv(t *testing.T) {
	for name, c := range map[string]struct {
		text, advice, fixed string
	}{
		"a mistyped name":            {"TENANT_CREATON=operator\n", "is TENANT_CREATION meant?", "TENANT_CREATION=operator\n"},
		"a $ that is meant":          {"DATA_DIR=a$b\n", "put the value in single quotes", "DATA_DIR='a$b'\n"},
		"a $ that stands for a name": {"DATA_DIR=$HOME/x\n", "write out what it stands for", "DATA_DIR=/root/x\n"},
		"two values":                 {"PORT=1\nPORT=2\n", "remove one of them", "PORT=2\n"},
		"UTF-16":                     {"\xff\xfeA\x00=\x001\x00", "save it as UTF-8", "A=1"},
		"Latin-1":                    {"A=\xe4\n", "save the file as UTF-8", "A=ä\n"},
		"a NUL":                      {"A=a\x00b\n", "remove it", "A=ab\n"},
		"no =":                       {"PORT: 1\n", "write NAME=value", "PORT=1\n"},
		"a value of several lines":   {"DATA_DIR=a\nb\n", "put a value of several lines in quotes", "DATA_DIR='a\nb'\n"},
		"a name with a dash":         {"DB-HOST=x\n", "a name has letters, digits and _ alone", "COMPOSE_HOST=x\n"},
		"an open single quote":       {"A='x\n", "put another ' behind the value", "A='x'\n"},
		"an open double quote":       {"A=\"x\n", `put another " behind the value`, "A=\"x\"\n"},
		"an unknown escape":          {`A="C:\data"`, `write \\ for a backslash`, `A="C:\\data"`},
		"an unknown escape, again":   {`A="C:\data"`, "put the value in single quotes", `A='C:\data'`},
		"text behind a quote":        {"A='it'x\n", "in one pair of quotes", "A='itx'\n"},
		"a quote in a value":         {"A='it's'\n", "of the kind that it does not contain", "A=\"it's\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			oneLine(t, runWithDotEnv(t, nil, c.text, "config"), c.advice)
			if got := runWithDotEnv(t, nil, c.fixed, "config"); got.code != exitOK || got.err != "" {
				t.Errorf("after the advice: %+v", got)
			}
		})
	}
}

// TestTheAdviceAboutWhoOwnsDotEnv runs the commands that the lines have.
func TestTheAdviceAboutWhoOwnsDotEnv(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"one that all may write": func(path string) error { return os.Chmod(path, 0o666) },
		"one that a shared group may write": func(path string) error {
			return errors.Join(os.Chown(path, -1, groupOfNobody(t)), os.Chmod(path, 0o664))
		},
		"one that belongs to another user": func(path string) error { return os.Chown(path, 12345, -1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, ".env")
			if err := errors.Join(os.WriteFile(path, []byte("PORT=4000\n"), 0o600), spoil(path)); errors.Is(err, syscall.EPERM) {
				return // only root can give a file away
			} else if err != nil {
				t.Fatal(err)
			}
			got := runIn(t, dir, nil, "config")
			oneLine(t, got, ".env ")
			runAdvised(t, dir, nil, got.err)
			if got := runIn(t, dir, nil, "config"); got.code != exitOK || !strings.HasPrefix(got.out, "PORT=4000\n") {
				t.Errorf("after the advice: %+v", got)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, ".env")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		oneLine(t, runIn(t, dir, nil, "config"), "make it one, or remove it")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if got := runIn(t, dir, nil, "config"); got.code != exitOK {
			t.Errorf("after the advice: %+v", got)
		}
	})
}

// groupOfNobody returns a group that another user is in.
func groupOfNobody(t *testing.T) int {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(nobody.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return gid
}

// TestTheAdviceAboutWhereToListen starts the program again as the lines say.
func TestTheAdviceAboutWhereToListen(t *testing.T) {
	t.Run("a port that is taken", func(t *testing.T) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
		oneLine(t, runCommand(t, map[string]string{"PORT": port}, "serve", "--memory"), "stop the program that listens there, or set PORT to another one")
		serveProgram(t, nil, "--memory") // on another one
		taken.Close()
		s := startProgram(t, map[string]string{"PORT": port}, "--memory")
		awaitSaid(t, s, "listens on http://127.0.0.1:"+port)
	})
	t.Run("an address that others reach", func(t *testing.T) {
		oneLine(t, runCommand(t, map[string]string{"HOST": "0.0.0.0"}, "serve", "--memory"), "leave HOST unset, configure real parts, or start with --expose")
		serveProgram(t, map[string]string{"HOST": "0.0.0.0"}, "--memory", "--expose")
	})
	t.Run("a name that leads nowhere", func(t *testing.T) {
		oneLine(t, runCommand(t, map[string]string{"HOST": "a b"}, "serve", "--memory"), "such as 127.0.0.1, or 0.0.0.0 for all")
		serveProgram(t, map[string]string{"HOST": "127.0.0.1"}, "--memory")
	})
	t.Run("real parts beside built-in ones", func(t *testing.T) {
		env := map[string]string{"DB_HOST": "127.0.0.1", "DB_PORT": strconv.Itoa(freePort(t)), "DB_USER": "pw", "DB_PASSWORD": "x", "DATA_DIR": t.TempDir()}
		oneLine(t, runCommand(t, env, "serve"), "or start with --mixed")
		awaitSaid(t, startProgram(t, env, "--mixed"), "listens on ")
	})
}

// TestTheAdviceAboutTheDataFolder gets from one refusal of DATA_DIR to the next by
// what the lines say, until the program serves. The path has a space and a quote.
func TestTheAdviceAboutTheDataFolder(t *testing.T) {
	needPostgres(t)
	above := filepath.Join(t.TempDir(), "ada's things")
	env := map[string]string{"DATA_DIR": filepath.Join(above, "data")}
	refused := func(naming string) string {
		t.Helper()
		got := runCommand(t, maps.Clone(env), "tenants", "list")
		oneLine(t, got, naming)
		return got.err
	}
	prepare := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	prepare(os.WriteFile(above, nil, 0o600))
	refused("make it a folder that this user may write in, or set DATA_DIR to another one")
	prepare(errors.Join(os.Remove(above), os.MkdirAll(env["DATA_DIR"], 0o700)))

	prepare(os.Chmod(env["DATA_DIR"], 0o777))
	runAdvised(t, "/", nil, refused("chmod go-w"))
	if os.Geteuid() == 0 {
		prepare(os.Chown(env["DATA_DIR"], 12345, -1))
		runAdvised(t, "/", nil, refused("chown -R"))
	}
	clusterOf(t, serveProgram(t, env))
}

// TestTheAdviceAboutTheDatabase gets from one refusal of the database to the next by
// what the lines say, until the program serves.
func TestTheAdviceAboutTheDatabase(t *testing.T) {
	env := product(onServer(t, map[string]string{"PORT": strconv.Itoa(freePort(t))}))
	refused := func(change map[string]string, naming string) string {
		t.Helper()
		changed := maps.Clone(env)
		maps.Copy(changed, change)
		got := runCommand(t, changed, "serve", "--mixed")
		last := got.err[strings.LastIndex(strings.TrimSpace(got.err), "\n")+1:]
		if got.code != exitFailure || !strings.Contains(last, naming) {
			t.Fatalf("want %q, got %+v", naming, got)
		}
		return last
	}
	runAdvised(t, t.TempDir(), env, refused(nil, "run `invoices setup`"))
	refused(map[string]string{"DB_PASSWORD": "wrong"}, "DB_PASSWORD")

	env[releaseTwo] = "yes"
	runAdvised(t, t.TempDir(), env, refused(nil, "run `invoices setup`"))
	delete(env, "PORT")
	s := serveProgram(t, env, "--mixed")
	if strings.Contains(s.said(), "check DB_HOST") {
		t.Errorf("a database that is ready is doubted: %s", s.said())
	}
}

// TestTheAdviceAboutTenantsThatAreBehind removes the cause that migrate status shows.
func TestTheAdviceAboutTenantsThatAreBehind(t *testing.T) {
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
	for _, args := range []string{"setup", "tenants create acme --owner ada"} {
		if got := runCommand(t, env, strings.Fields(args)...); got.code != exitOK {
			t.Fatalf("%s: %+v", args, got)
		}
	}
	env[releaseTwo] = "yes"
	runCommand(t, env, "setup", "--patience", "1s")
	got := runCommand(t, env, "migrate", "status")
	if got.code != exitFailure || !strings.Contains(got.out, "cheap") || !strings.Contains(got.err, "remove the cause that is shown, if one is, then run invoices setup") {
		t.Fatalf("%+v", got)
	}
	withoutDearInvoices(t, env, "acme")
	if got := runCommand(t, env, "setup"); got.code != exitOK {
		t.Fatalf("setup after the cause was removed: %+v", got)
	}
	if got := runCommand(t, env, "migrate", "status"); got.code != exitOK {
		t.Errorf("after the advice: %+v", got)
	}
}

// withoutDearInvoices deletes what the second release of the product refuses, inside
// tenants that are behind for that reason.
func withoutDearInvoices(t *testing.T, env map[string]string, tenants ...string) {
	t.Helper()
	for _, tenant := range tenants {
		got := runCommand(t, env, "tenants", "exec", tenant, "DELETE FROM invoices WHERE cents >= 500", "--write")
		if got.code != exitOK {
			t.Fatalf("%+v", got)
		}
	}
}

// TestTheAdviceOfSmoke starts the server that each line asks for.
func TestTheAdviceOfSmoke(t *testing.T) {
	t.Run("where none listens", func(t *testing.T) {
		port := strconv.Itoa(freePort(t))
		url := "http://127.0.0.1:" + port
		oneLine(t, runCommand(t, nil, "smoke", "--url", url, "--wait", "0s"), "start it with: partywall")
		s := startProgram(t, map[string]string{"PORT": port}, "--memory")
		s.url, s.api = url, url
		s.awaitReady(t, 2*time.Minute)
		smokes(t, s)
	})
	t.Run("where the public cannot create tenants", func(t *testing.T) {
		s := serveProgram(t, map[string]string{"TENANT_CREATION": "authenticated"}, "--memory")
		oneLine(t, runCommand(t, nil, "smoke", "--url", s.url), "smoke needs TENANT_CREATION=open")
		smokes(t, serveProgram(t, map[string]string{"TENANT_CREATION": "open"}, "--memory"))
	})
	t.Run("where codes are mailed", func(t *testing.T) {
		s := serveProgram(t, map[string]string{"LOCAL_REQUIRE_CONFIRMATION": "true"}, "--memory")
		oneLine(t, runCommand(t, nil, "smoke", "--url", s.url), "use a server that requires none")
		smokes(t, serveProgram(t, map[string]string{"LOCAL_REQUIRE_CONFIRMATION": "false"}, "--memory"))
	})
	t.Run("where the server is not ready", func(t *testing.T) {
		port := freePort(t)
		env := map[string]string{"DB_HOST": "127.0.0.1", "DB_PORT": strconv.Itoa(port), "DB_USER": "pw", "DB_PASSWORD": "x", "DATA_DIR": t.TempDir()}
		s := startProgram(t, env, "--mixed")
		awaitSaid(t, s, "listens on ")
		oneLine(t, runCommand(t, nil, "smoke", "--url", s.url, "--wait", "0s"), "its log has the cause, in the last line about /readyz")
		const about = `"route":"/readyz"`
		awaitSaid(t, s, about)
		if line := lineWith(s.said(), about); !strings.Contains(line, fmt.Sprintf("127.0.0.1:%d", port)) || !strings.Contains(line, "refused") {
			t.Errorf("the line about /readyz has no cause: %s", line)
		}
	})
}
