package identities_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// meddling is a provider whose sign-up is followed by something else.
type meddling struct {
	ports.IdentityProvider
	then func()
}

func (p meddling) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.CreatedUser, error) {
	defer p.then()
	return p.IdentityProvider.SignUp(ctx, email, password)
}

func TestTheErrorReportsAnAccountWithoutItsInvitation(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	manager := domain.Must(access.Installation().Manager(acme))
	for name, c := range map[string]struct {
		then func(h *installation, id domain.InvitationID)
		want error
		says string
	}{
		"revoked": {func(h *installation, id domain.InvitationID) {
			if err := h.Invitations.Revoke(t.Context(), manager, id); err != nil {
				t.Error(err)
			}
		}, domain.CodeInvitationInvalid, "ask for another"},
		"an outage": {func(h *installation, _ domain.InvitationID) { h.db.Break() }, domain.CodeDatabaseUnavailable, "accept it with the same token"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newInstallation()
			h.Invitations = &invitations.Service{Store: h.db.Invitations(), Tokens: h.db.Invitations(), Users: h.users}
			owner := domain.Must(h.users.Caller(ada)).Identity()
			domain.Must(h.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: acme, Owner: owner}))
			issued := domain.Must(h.Invitations.Create(t.Context(), manager, ports.Caller{}, invitations.Invite{Role: domain.RoleViewer}))
			h.Provider = meddling{h.users, func() { c.then(h, issued.ID) }}
			_, err := h.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: address("bob@example.com"), Password: domain.NewSecret(password), InvitationToken: issued.Token})
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || !errors.Is(e, c.want) || e.Field != "invitationToken" || !strings.Contains(e.Message, "the account was made") || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnInvitationIsInvalidWhereThereAreNone(t *testing.T) {
	h := newInstallation()
	_, err := h.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: address("bob@example.com"), Password: domain.NewSecret(password), InvitationToken: domain.NewSecret("a")})
	if !errors.Is(err, domain.CodeInvitationInvalid) {
		t.Errorf("got %v", err)
	}
}
