package domain_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestWhichMembershipAdmits(t *testing.T) {
	for name, c := range map[string]struct {
		m           domain.Membership
		admits, own bool
	}{
		"none":                  {domain.Membership{}, false, false},
		"an active owner":       {domain.Membership{Role: domain.RoleOwner, State: domain.MemberActive}, true, true},
		"an active viewer":      {domain.Membership{Role: domain.RoleViewer, State: domain.MemberActive}, true, false},
		"a suspended owner":     {domain.Membership{Role: domain.RoleOwner, State: domain.MemberSuspended}, false, false},
		"a state of the future": {domain.Membership{Role: domain.RoleOwner, State: "asleep"}, false, false},
		"until a moment later":  {domain.Membership{Role: domain.RoleOwner, State: domain.MemberActive, ExpiresAt: noon.Add(1)}, true, false},
		"until this moment":     {domain.Membership{Role: domain.RoleOwner, State: domain.MemberActive, ExpiresAt: noon}, false, false},
	} {
		if got := c.m.Admits(noon); got != c.admits {
			t.Errorf("%s admits: %v", name, got)
		}
		if got := c.m.KeepsOwnership(); got != c.own {
			t.Errorf("%s keeps the ownership: %v", name, got)
		}
	}
}
