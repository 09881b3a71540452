package app_test

import (
	"context"
	"errors"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

func TestAMemberIsAskedForThePermissionsOfTheProduct(t *testing.T) {
	ctx := context.Background()
	pw := domain.Must(app.New(ctx, app.Config{Memory: true, Permissions: map[domain.Permission][]domain.Role{
		"send invoices": {domain.RoleOwner}, "close the books": {domain.RoleAdmin},
	}}))
	defer pw.Close()
	owner := owned(ctx, pw, "acme", "ada@acme.example")
	if err := owner.Require("send invoices"); err != nil {
		t.Error(err)
	}
	if err := owner.Require("close the books"); !errors.Is(err, domain.Forbidden) {
		t.Errorf("an owner closes the books: %v", err)
	}
	wrong := app.Config{Memory: true, Permissions: map[domain.Permission][]domain.Role{domain.ManageTenant: {domain.RoleViewer}}}
	if pw, err := app.New(ctx, wrong); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a product changes Partywall's own permissions: %v", errors.Join(err, pw.Close()))
	}
}
