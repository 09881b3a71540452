package domain_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

var (
	acme = domain.Must(domain.ParseTenantID("acme"))
	ada  = domain.Must(domain.NewIdentity("local", "ada"))
	bob  = domain.Must(domain.NewIdentity("local", "bob"))
)

func TestAnEventHasTheAddressAndTheIDOfItsRequest(t *testing.T) {
	address := netip.MustParseAddr("192.0.2.1")
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "r1", Address: address})
	event, err := domain.NewEvent(ctx, domain.EventTenantCreated, acme, domain.UserActor(ada), map[string]int{"n": 1})
	if err != nil || event.Address != address || event.RequestID != "r1" || event.Actor != domain.UserActor(ada) || string(event.Data) != `{"n":1}` {
		t.Errorf("got %+v, %v", event, err)
	}
	if event, err = domain.NewEvent(t.Context(), domain.EventTenantCreated, acme, domain.OperatorActor(), struct{}{}); err != nil || event.Address.IsValid() || event.RequestID != "" {
		t.Errorf("outside a request: %+v, %v", event, err)
	}
	ctx = domain.WithRequestInfo(t.Context(), domain.RequestInfo{Address: netip.MustParseAddr("fe80::1%eth0")})
	if event, err = domain.NewEvent(ctx, domain.EventTenantCreated, acme, domain.OperatorActor(), struct{}{}); err != nil || event.Address != netip.MustParseAddr("fe80::1") {
		t.Errorf("an address with a zone, which PostgreSQL does not keep: %+v, %v", event, err)
	}
}

func TestAnEventThatCannotBeIsRefused(t *testing.T) {
	operator, data := domain.OperatorActor(), any(struct{}{})
	for name, c := range map[string]struct {
		field  string
		kind   domain.EventKind
		tenant domain.TenantID
		by     domain.Actor
		data   any
	}{
		"no kind":                   {"kind", "", acme, operator, data},
		"a kind in capitals":        {"kind", "Tenant.created", acme, operator, data},
		"a kind without a subject":  {"kind", "created", acme, operator, data},
		"a long kind":               {"kind", domain.EventKind("tenant." + strings.Repeat("a", 64)), acme, operator, data},
		"no tenant":                 {"tenantId", domain.EventTenantCreated, domain.TenantID{}, operator, data},
		"no actor":                  {"by", domain.EventTenantCreated, acme, domain.Actor{}, data},
		"a user without identity":   {"by", domain.EventTenantCreated, acme, domain.UserActor(domain.Identity{}), data},
		"an operator with identity": {"by", domain.EventTenantCreated, acme, domain.Actor{Kind: domain.ActorOperator, Identity: ada}, data},
		"an actor of another kind":  {"by", domain.EventTenantCreated, acme, domain.Actor{Kind: "king"}, data},
		"no data":                   {"data", domain.EventTenantCreated, acme, operator, nil},
		"a list":                    {"data", domain.EventTenantCreated, acme, operator, []int{1}},
		"what JSON cannot hold":     {"data", domain.EventTenantCreated, acme, operator, map[string]any{"f": func() {}}},
		"too much data":             {"data", domain.EventTenantCreated, acme, operator, map[string]string{"a": strings.Repeat("a", 4096-7)}},
	} {
		_, err := domain.NewEvent(t.Context(), c.kind, c.tenant, c.by, c.data)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != c.field {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := domain.NewEvent(t.Context(), domain.EventTenantCreated, acme, operator, map[string]string{"a": strings.Repeat("a", 4096-8)}); err != nil {
		t.Errorf("the largest data: %v", err)
	}
}

func TestTheLongestNamesFitIntoAnEvent(t *testing.T) {
	name := domain.Must(domain.ParseTenantName(strings.Repeat("\u2028", 200)))
	long := domain.Must(domain.NewIdentity(strings.Repeat("<", 128), strings.Repeat(">", 128)))
	address := domain.Must(domain.ParseEmail(strings.Repeat("&", 242) + "@example.com"))
	if _, err := domain.NewTenantEvent(t.Context(), domain.EventTenantClaimed, domain.Tenant{ID: acme, Name: name}, long, address, domain.Actor{}); err != nil {
		t.Error(err)
	}
	from := membership(long, domain.RoleOwner)
	to := from
	to.Role, to.State, to.Reason, to.ExpiresAt = domain.RoleMember, domain.MemberSuspended, domain.Must(domain.ParseReason(strings.Repeat("<", 200))), time.Now()
	if _, _, err := domain.NewMemberEvent(t.Context(), domain.OperatorActor(), from, to, ""); err != nil {
		t.Error(err)
	}
	if _, err := domain.NewHandoverEvent(t.Context(), from, from, domain.RoleMember); err != nil {
		t.Error(err)
	}
}

func TestATenantEventNamesTheOwnerForWhomTheOperatorActs(t *testing.T) {
	tenant := domain.Tenant{ID: acme, Name: "Acme Ltd."}
	for name, c := range map[string]struct{ by, wantActor, wantBehalf any }{
		"the owner":    {domain.UserActor(ada), domain.UserActor(ada), domain.Identity{}},
		"by default":   {domain.Actor{}, domain.UserActor(ada), domain.Identity{}},
		"the operator": {domain.OperatorActor(), domain.OperatorActor(), ada},
	} {
		event, err := domain.NewTenantEvent(t.Context(), domain.EventTenantCreated, tenant, ada, domain.Email{}, c.by.(domain.Actor))
		var data domain.TenantEventData
		if err != nil || event.Actor != c.wantActor || event.OnBehalfOf != c.wantBehalf || event.Decode(&data) != nil || data.Name != tenant.Name {
			t.Errorf("%s: got %+v, %v", name, event, err)
		}
		if owner, err := data.Owner.Identity(); owner != ada || err != nil {
			t.Errorf("%s: the owner is %v, %v", name, owner, err)
		}
	}
}

func membership(identity domain.Identity, role domain.Role) domain.Membership {
	return domain.Membership{Tenant: acme, Identity: identity, Role: role, State: domain.MemberActive}
}

func TestTheKindOfAMemberEvent(t *testing.T) {
	none, viewer, admin := domain.Membership{}, membership(ada, domain.RoleViewer), membership(ada, domain.RoleAdmin)
	suspended, ending, suspendedAdmin := viewer, viewer, admin
	suspended.State, suspendedAdmin.State = domain.MemberSuspended, domain.MemberSuspended
	ending.ExpiresAt, ending.Reason = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), "ticket 17"
	for name, c := range map[string]struct {
		by       domain.Actor
		from, to domain.Membership
		want     domain.EventKind
	}{
		"a new member":            {domain.OperatorActor(), none, viewer, domain.EventMemberAdded},
		"another role":            {domain.UserActor(bob), viewer, admin, domain.EventMemberRoleChanged},
		"another role and state":  {domain.UserActor(bob), viewer, suspendedAdmin, domain.EventMemberRoleChanged},
		"a role of one's own":     {domain.UserActor(ada), admin, viewer, domain.EventMemberRoleChanged},
		"a suspension":            {domain.UserActor(bob), viewer, suspended, domain.EventMemberSuspended},
		"the end of a suspension": {domain.UserActor(bob), suspended, viewer, domain.EventMemberResumed},
		"an expiry":               {domain.UserActor(bob), viewer, ending, domain.EventMemberChanged},
		"removed by another":      {domain.UserActor(bob), viewer, none, domain.EventMemberRemoved},
		"removed by the operator": {domain.OperatorActor(), viewer, none, domain.EventMemberRemoved},
		"left":                    {domain.UserActor(ada), viewer, none, domain.EventMemberLeft},
		"the same condition":      {domain.UserActor(bob), ending, ending, ""},
		"no member before, after": {domain.OperatorActor(), none, none, ""},
	} {
		event, changes, err := domain.NewMemberEvent(t.Context(), c.by, c.from, c.to, "cleaning up")
		if err != nil || event.Kind != c.want || changes != (c.want != "") {
			t.Errorf("%s: got %+v, %v, %v", name, event, changes, err)
			continue
		}
		want := domain.MemberEventData{Member: domain.EventIdentityOf(ada), Role: c.to.Role, PreviousRole: c.from.Role, State: c.to.State, ExpiresAt: c.to.ExpiresAt, Reason: c.to.Reason}
		if c.to.IsZero() {
			want.Reason = "cleaning up"
		}
		var data domain.MemberEventData
		if changes && (event.Decode(&data) != nil || data != want || event.Tenant != acme) {
			t.Errorf("%s: the data are %+v", name, data)
		}
	}
}

func TestAHandoverNamesBothMembers(t *testing.T) {
	event, err := domain.NewHandoverEvent(t.Context(), membership(bob, domain.RoleViewer), membership(ada, domain.RoleOwner), domain.RoleAdmin)
	want := domain.HandoverEventData{Heir: domain.EventIdentityOf(bob), HeirPreviousRole: domain.RoleViewer, Owner: domain.EventIdentityOf(ada), OwnerRole: domain.RoleAdmin}
	var data domain.HandoverEventData
	if err != nil || event.Kind != domain.EventTenantHandedOver || event.Actor != domain.UserActor(ada) || event.Decode(&data) != nil || data != want {
		t.Errorf("got %+v, %v", event, err)
	}
}

func TestAnEventInTheFormOfTheAPI(t *testing.T) {
	ctx := domain.WithRequestInfo(context.Background(), domain.RequestInfo{ID: "r1", Address: netip.MustParseAddr("2001:db8::1")})
	event, err := domain.NewTenantEvent(ctx, domain.EventTenantCreated, domain.Tenant{ID: acme, Name: "Acme"}, ada, domain.Must(domain.ParseEmail("ada@example.com")), domain.OperatorActor())
	if err != nil {
		t.Fatal(err)
	}
	event.ID, event.At = 9007199254740993, time.Date(2026, 1, 31, 10, 30, 0, 0, time.FixedZone("", 3600))
	const full = `{"id":"9007199254740993","at":"2026-01-31T09:30:00Z","kind":"tenant.created","tenantId":"acme","actor":{"kind":"operator"},` +
		`"onBehalfOf":"ada","address":"2001:db8::1","requestId":"r1","data":{"name":"Acme","owner":{"provider":"local","sub":"ada"},"email":"ada@example.com"}}`
	if got, err := json.Marshal(event); err != nil || string(got) != full {
		t.Errorf("got  %s, %v\nwant %s", got, err, full)
	}
	left, _, err := domain.NewMemberEvent(t.Context(), domain.UserActor(bob), membership(bob, domain.RoleViewer), domain.Membership{}, "")
	if err != nil {
		t.Fatal(err)
	}
	const short = `{"id":"0","at":"0001-01-01T00:00:00Z","kind":"member.left","tenantId":"acme","actor":{"kind":"user","sub":"bob"},` +
		`"requestId":"","data":{"member":{"provider":"local","sub":"bob"},"previousRole":"viewer"}}`
	if got, err := json.Marshal(left); err != nil || string(got) != short {
		t.Errorf("got  %s, %v\nwant %s", got, err, short)
	}
}

func TestAPurgedEventHasNoAddresses(t *testing.T) {
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "r1", Address: netip.MustParseAddr("192.0.2.1")})
	event, err := domain.NewEvent(ctx, domain.EventTenantCreated, acme, domain.UserActor(ada), map[string]string{"email": "ada@example.com", "name": "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	got := event.WithoutAddresses()
	if got.Address.IsValid() || string(got.Data) != `{"name":"Acme"}` || got.RequestID != "r1" || got.Actor != event.Actor {
		t.Errorf("got %+v", got)
	}
	if !event.Address.IsValid() || !strings.Contains(string(event.Data), "ada@example.com") {
		t.Errorf("the event itself changed: %+v", event)
	}
}
