package app_test

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestAMemberHasTheSettingsThatTheProductAsksFor(t *testing.T) {
	ctx := context.Background()
	dark := domain.Must(domain.ParseSettings([]byte(`{"theme": "dark"}`)))
	for asked, want := range map[bool]domain.Settings{true: dark, false: {}} {
		pw := domain.Must(app.New(ctx, app.Config{Memory: true, ReadSettings: asked}))
		defer pw.Close()
		owner := owned(ctx, pw, "acme", "ada@acme.example")
		domain.Must(pw.Tenants.Edit(ctx, domain.Must(access.Installation().Steward(owner.Tenant())), tenants.Edit{Settings: &dark}))
		named := domain.Must(pw.Access.Admit(ctx, owner.Identity(), owner.Tenant()))
		sole := domain.Must(pw.Access.AdmitSole(ctx, owner.Identity()))
		if named.Settings() != want || sole.Settings() != want {
			t.Errorf("ReadSettings %v: %s and %s, want %s", asked, named.Settings(), sole.Settings(), want)
		}
	}
}
