package auditlog_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/netip"
	"testing"

	"github.com/partywall-go/partywall/adapters/auditlog"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestALineForEachEntry(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	ada := domain.Must(domain.NewIdentity("local", "ada"))
	for _, test := range []struct {
		entry ports.AuditEntry
		want  map[string]string
	}{
		{
			ports.AuditEntry{Action: ports.TenantReserved, Tenant: acme, Actor: ports.Actor{From: netip.MustParseAddr("192.0.2.1")}},
			map[string]string{"audit": "tenant_reserved", "tenant": "acme", "actor": "anonymous", "client": "192.0.2.1", "member": "", "role": "", "requestId": "r1"},
		},
		{
			ports.AuditEntry{Action: ports.TenantClaimed, Tenant: acme, Actor: ports.Actor{Identity: ada}, Member: ada, Role: domain.RoleOwner},
			map[string]string{"audit": "tenant_claimed", "actor": "local/ada", "member": "local/ada", "role": "owner", "client": ""},
		},
		{
			ports.AuditEntry{Action: ports.MemberRoleChanged, Tenant: acme, Actor: ports.Actor{Operator: true}, Member: ada},
			map[string]string{"audit": "member_role_changed", "actor": "operator", "member": "local/ada", "role": ""},
		},
	} {
		var out bytes.Buffer
		log := auditlog.Log{Logger: slog.New(slog.NewJSONHandler(&out, nil))}
		log.Record(ports.WithRequestID(t.Context(), "r1"), test.entry)
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] == "" || line["level"] != "INFO" {
			t.Errorf("got %v", line)
		}
		for key, want := range test.want {
			if got, _ := line[key].(string); got != want {
				t.Errorf("%s is %q, want %q: %v", key, got, want, line)
			}
		}
	}
}
