package cli

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestUnusualSettingsAreReportedAtTheStart(t *testing.T) {
	cases := map[string]struct {
		env    map[string]string
		naming string
	}{
		"tenants only by an operator, and none":    {map[string]string{"TENANT_CREATION": "operator"}, "OPERATOR_TOKEN"},
		"a sender of mail, and nothing to send by": {map[string]string{"EMAIL_SENDER": "mail@example.com", "AWS_REGION": "eu-central-1"}, "EMAIL_SENDER"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := serveProgram(t, c.env, "--memory")
			awaitSaid(t, s, `"level":"WARN","msg":"`)
			if line := lineWith(s.said(), `"level":"WARN"`); !strings.Contains(line, c.naming) {
				t.Errorf("%s is not named: %s", c.naming, line)
			}
		})
	}
	t.Run("an operator with a token is no doubt", func(t *testing.T) {
		s := serveProgram(t, map[string]string{"TENANT_CREATION": "operator", "OPERATOR_TOKEN": strings.Repeat("x", 32)}, "--memory")
		if line := lineWith(s.said(), `"level":"WARN"`); line != "" {
			t.Error(line)
		}
	})
}

func TestTheBannerShowsAnAddressToClick(t *testing.T) {
	for _, host := range []string{"::", "0.0.0.0"} {
		s := serveProgram(t, map[string]string{"HOST": host}, "--memory", "--expose")
		awaitSaid(t, s, "listens on") // what it said may come later than its first answer
		if line := lineWith(s.said(), "listens on"); !strings.Contains(line, " http://localhost:") {
			t.Errorf("HOST=%s: %s", host, line)
		}
		awaitSaid(t, s, `"level":"WARN","msg":"`)
		if line := lineWith(s.said(), `"level":"WARN"`); !strings.Contains(line, "set PUBLIC_URL") {
			t.Errorf("HOST=%s: it does not warn about URLs that lead to localhost: %s", host, line)
		}
	}
}

func TestSmokeReportsWhatItNeeds(t *testing.T) {
	t.Run("a server", func(t *testing.T) {
		oneLine(t, runCommand(t, nil, "smoke", "--url", "http://127.0.0.1:1", "--wait", "0s"), "nothing answers at http://127.0.0.1:1: ")
		if got := runCommand(t, product(nil), "smoke", "--url", "http://127.0.0.1:1", "--wait", "0s"); !strings.HasSuffix(got.err, "start it with: invoices\n") {
			t.Errorf("a product's program prints %s", got.err)
		}
	})
	t.Run("a server that gets ready", func(t *testing.T) {
		oneLine(t, runCommand(t, nil, "smoke", "--url", answering(t, 1000, http.StatusServiceUnavailable), "--wait", "300ms"), "is not ready after 300ms")
	})
	t.Run("the API at the URL", func(t *testing.T) {
		oneLine(t, runCommand(t, nil, "smoke", "--url", answering(t, 1000, http.StatusNotFound), "--wait", "1h"), "answered 404")
	})
	t.Run("a server that lets everyone create tenants", func(t *testing.T) {
		for _, policy := range []string{"authenticated", "operator"} {
			s := serveProgram(t, map[string]string{"TENANT_CREATION": policy}, "--memory")
			oneLine(t, runCommand(t, nil, "smoke", "--url", s.url), "needs TENANT_CREATION=open")
		}
	})
}

// TestSmokeWaitsForAServer covers a server that was just started.
func TestSmokeWaitsForAServer(t *testing.T) {
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusBadGateway} {
		got := runCommand(t, nil, "smoke", "--url", answering(t, 3, status), "--wait", "1m")
		if !strings.Contains(got.out, "✓ the server is ready\n") {
			t.Errorf("%d: %+v", status, got)
		}
	}
	t.Run("that does not listen yet", func(t *testing.T) {
		port := strconv.Itoa(freePort(t))
		served := make(chan *http.Server, 1)
		go func() {
			time.Sleep(500 * time.Millisecond) // the command is waiting by then, or finds the server at once
			server := &http.Server{Addr: "127.0.0.1:" + port, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
			served <- server
			_ = server.ListenAndServe()
		}()
		got := runCommand(t, nil, "smoke", "--url", "http://127.0.0.1:"+port, "--wait", "1m")
		if !strings.Contains(got.out, "✓ the server is ready\n") {
			t.Errorf("%+v", got)
		}
		_ = (<-served).Close()
	})
}

// answering returns the URL of a server that is ready after so many answers of status.
func answering(t *testing.T, before int64, status int) string {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= before {
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheOperatorReadsWhereTheDatabaseIsExpected(t *testing.T) {
	env := map[string]string{"DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_USER": "pw", "DB_PASSWORD": "x"}
	got := runCommand(t, env, "tenants", "list")
	oneLine(t, got, "127.0.0.1:1")
	oneLine(t, got, "connection refused")
	oneLine(t, got, "DB_HOST")
}

func awaitSaid(t *testing.T, s *server, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.said(), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not print %q: %s", text, s.said())
		}
	}
}

// lineWith returns the first line of text that has part, or "".
func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}
