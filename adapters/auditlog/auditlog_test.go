package auditlog_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/auditlog"
	"github.com/partywall-go/partywall/domain"
)

func TestALineForEachEvent(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	ada := domain.Must(domain.NewIdentity("local", "ada"))
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "r1", Address: netip.MustParseAddr("192.0.2.1")})
	for _, test := range []struct {
		kind domain.EventKind
		by   domain.Actor
		want map[string]any
	}{
		{domain.EventTenantCreated, domain.UserActor(ada), map[string]any{"audit": "tenant.created", "actor": "local/ada", "onBehalfOf": nil, "msg": "a tenant was created"}},
		{domain.EventMemberAdded, domain.OperatorActor(), map[string]any{"audit": "member.added", "actor": "operator", "onBehalfOf": "local/ada"}},
		{"later.kind", domain.Actor{Kind: domain.ActorSystem}, map[string]any{"audit": "later.kind", "actor": "system", "msg": "an event was recorded"}},
	} {
		event := domain.Must(domain.NewEvent(ctx, test.kind, acme, test.by, map[string]any{"email": "ada@example.com", "n": 1}))
		event.ID = 7
		if test.by.IsOperator() {
			event.OnBehalfOf = ada
		}
		var out bytes.Buffer
		if err := (auditlog.Log{Logger: slog.New(slog.NewJSONHandler(&out, nil))}).Handle(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"level": "INFO", "tenant": "acme", "event": 7.0, "client": "192.0.2.1", "requestId": "r1"}
		maps.Copy(want, test.want)
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if line[key] != want[key] {
				t.Errorf("%s is %v, want %v: %v", key, line[key], want[key], line)
			}
		}
		if data, _ := line["data"].(map[string]any); len(data) != 1 || data["n"] != 1.0 {
			t.Errorf("the data are %v", line["data"])
		}
	}
}

// TestEachKindHasAMessage reads the kinds from their file, because no list in the code has all.
func TestEachKindHasAMessage(t *testing.T) {
	source := domain.Must(os.ReadFile("../../domain/event.go"))
	kinds := regexp.MustCompile(`EventKind = "([^"]+)"`).FindAllSubmatch(source, -1)
	if len(kinds) < 16 {
		t.Errorf("only %d kinds were found", len(kinds))
	}
	for _, kind := range kinds {
		var out bytes.Buffer
		event := domain.Event{Kind: domain.EventKind(kind[1]), Data: json.RawMessage("{}")}
		if err := (auditlog.Log{Logger: slog.New(slog.NewJSONHandler(&out, nil))}).Handle(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out.Bytes(), []byte("an event was recorded")) {
			t.Errorf("%s has no message of its own", kind[1])
		}
	}
}
