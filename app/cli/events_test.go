package cli

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TestTheOperatorReadsEvents makes tenants by commands and lists what happened.
func TestTheOperatorReadsEvents(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client"})
	do := func(args ...string) string {
		t.Helper()
		got := runCommand(t, env, args...)
		if got.code != exitOK || got.err != "" && args[0] == "events" {
			t.Fatalf("%v: %+v", args, got)
		}
		return got.out
	}
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada")
	do("tenants", "create", "bolt")
	do("members", "grant", "acme", "bob", "--role", "viewer", "--reason", "ticket 17")

	lines := strings.Split(strings.TrimSpace(do("events")), "\n")
	for i, want := range []string{"acme  tenant.created  by the operator for ada", "bolt  tenant.reserved  by the operator", "acme  member.added  by the operator"} {
		if len(lines) != 3 || !strings.Contains(lines[i], want) {
			t.Fatalf("line %d of 3 is not %q: %q", i, want, lines)
		}
	}
	if !strings.Contains(lines[2], `"reason":"ticket 17"`) {
		t.Errorf("got %s", lines[2])
	}
	if got := object(t, do("events", "--tenant", "bolt", "--json")); got["kind"] != "tenant.reserved" || got["tenantId"] != "bolt" || got["requestId"] == "" {
		t.Errorf("got %v", got)
	}
	if got := object(t, do("events", "--kind", "member.added", "--since", "1h", "--json")); got["tenantId"] != "acme" {
		t.Errorf("got %v", got)
	}
	for _, none := range [][]string{{"events", "--since", time.Now().Add(time.Hour).Format(time.RFC3339)}, {"events", "--tenant", "cord"}, {"events", "--kind", "no.such"}, {"events", "--kind", "\xff"}} {
		if out := do(none...); out != "" {
			t.Errorf("%v: got %s", none, out)
		}
	}
	if got := runCommand(t, env, "events", "--since", "yesterday"); got.code != exitMisuse || !strings.Contains(got.err, "24h") {
		t.Errorf("%+v", got)
	}
	oneLine(t, runCommand(t, env, "events", "--tenant", "A"), "tenant")
}

// TestTheOperatorLooksAfterConsumers follows the advice of the doctor about consumers.
func TestTheOperatorLooksAfterConsumers(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada")
	do("tenants", "create", "bolt", "--owner", "ada")
	cfg := app.DefaultConfig()
	cfg.Database.Host, cfg.Database.Port = env["DB_HOST"], domain.Must(strconv.Atoi(env["DB_PORT"]))
	cfg.Database.User, cfg.Database.Password, cfg.Database.Name = env["DB_USER"], domain.NewSecret(env["DB_PASSWORD"]), env["DB_NAME"]
	registry := domain.Must(app.OpenRegistry(t.Context(), cfg))
	defer func() { _ = registry.Close() }()
	log := registry.Events
	domain.Must(log.Sequencer.Sequence(t.Context()))
	lease := ports.EventLease{Consumer: "mail", Holder: "a test", Duration: time.Hour}
	domain.Must(log.Consumers.Acquire(t.Context(), lease))
	first := domain.Must(log.Consumers.Next(t.Context(), lease, 1))[0].Event
	if err := log.Consumers.Settle(t.Context(), lease, first, ports.EventResult{Failure: "no such address", SetAside: true}); err != nil {
		t.Fatal(err)
	}

	if got := runCommand(t, env, "events", "consumers"); got.code != exitOK || !strings.Contains(got.out, "mail") || !strings.Contains(got.out, "no such address") || !strings.Contains(got.out, "tenant.created of acme") {
		t.Errorf("%+v", got)
	}
	if got := object(t, runCommand(t, env, "events", "consumers", "--json").out); got["consumer"] != "mail" || got["lag"] != 1.0 {
		t.Errorf("got %v", got)
	}
	if got := runCommand(t, env, "events", "retry", "mail"); got.code != exitOK || !strings.Contains(got.out, "mail gets 1 event once more") {
		t.Errorf("%+v", got)
	}
	again := domain.Must(log.Consumers.Next(t.Context(), lease, 10))
	if len(again) != 2 || again[0].Event.ID != first.ID || !again[0].Retry {
		t.Errorf("got %+v", again)
	}
	if got := runCommand(t, env, "events", "forget", "mail"); got.code != exitOK || !strings.Contains(got.out, "mail is forgotten") {
		t.Errorf("%+v", got)
	}
	domain.Must(log.Consumers.Acquire(t.Context(), ports.EventLease{Consumer: "ledger", Holder: "a test", Duration: time.Hour}))
	if got := object(t, runCommand(t, env, "events", "forget", "ledger", "--json").out); len(got) != 1 || got["consumer"] != "ledger" {
		t.Errorf("got %v", got)
	}
	if got := runCommand(t, env, "events", "consumers", "--json"); got.code != exitOK || got.out != "" {
		t.Errorf("%+v", got)
	}
	oneLine(t, runCommand(t, env, "events", "retry", "mail"), "no such consumer")
	oneLine(t, runCommand(t, env, "events", "forget", "mail"), "no such consumer")
}
