package domain_test

import (
	"net/netip"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestStoredText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "short": "short", "longer text": "longer", "a\x00b": "a?b", "a\xffb": "a?b", "caféé": "café?", "日本語": "日本",
	} {
		if got := domain.StoredText(text, 6); got != want {
			t.Errorf("%q is stored as %q, want %q", text, got, want)
		}
	}
}

// A product may take the ID of a request from a header.
func TestAnEventKeepsAStrangeRequestIDAsText(t *testing.T) {
	tenant := domain.Must(domain.ParseTenantID("acme"))
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "a\x00\xff", Address: netip.Addr{}})
	event, err := domain.NewWorkerEvent(ctx, tenant, "ticket 17")
	if err != nil || event.RequestID != "a??" {
		t.Errorf("the event has the request %q, %v", event.RequestID, err)
	}
}
