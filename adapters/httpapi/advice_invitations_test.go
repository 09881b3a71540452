package httpapi_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// The stories of [followed] about invitations.

// invited invites by link as ada, and returns the answer.
func invited(t *testing.T, h *installation, ada string) answer {
	t.Helper()
	return h.post(t, invitationsOfAcme, `{"role": "member"}`, ada)
}

// mailedTo invites bob by mail, and returns the token of the mail.
func mailedTo(t *testing.T, h *installation, ada string) string {
	t.Helper()
	h.post(t, invitationsOfAcme, `{"email": "bob@acme.example", "role": "member"}`, ada).is(t, 201)
	return team{installation: h}.mailed(t)
}

func anotherInvitation(t *testing.T, h *installation) {
	ada, bob := h.owner(t), h.signIn(t, "bob@acme.example")
	accept := func(token string) answer { return h.post(t, "/invitations/accept", tokenBody(token), bob) }
	first := invited(t, h, ada).is(t, 201)
	h.send(t, http.MethodDelete, invitationsOfAcme+"/"+first.field(t, "invitationId"), "", ada).is(t, 204)
	advises(t, accept(first.field(t, "invitationToken")), domain.CodeInvitationInvalid, "ask for another")
	accept(invited(t, h, ada).is(t, 201).field(t, "invitationToken")).is(t, 200)
}

func invitationByList(t *testing.T, h *installation) {
	ada := h.owner(t)
	revoke := func(id string) answer { return h.send(t, http.MethodDelete, invitationsOfAcme+"/"+id, "", ada) }
	first := invited(t, h, ada).is(t, 201).field(t, "invitationId")
	invited(t, h, ada).is(t, 201)
	revoke(first).is(t, 204)
	advises(t, revoke(first), domain.CodeInvitationNotFound, "list the tenant's invitations")
	revoke(invitationsIn(t, h.get(t, invitationsOfAcme, ada)).Items[0].InvitationID).is(t, 204)
}

func roomForAnInvitation(t *testing.T, h *installation) {
	ada := h.owner(t)
	var last answer
	for range ports.MaxOpenInvitations {
		last = invited(t, h, ada).is(t, 201)
	}
	advises(t, invited(t, h, ada), domain.CodeInvitationQuota, "revoke one first")
	h.send(t, http.MethodDelete, invitationsOfAcme+"/"+last.field(t, "invitationId"), "", ada).is(t, 204)
	invited(t, h, ada).is(t, 201)
}

func theInvitedAccount(t *testing.T, h *installation) {
	token := mailedTo(t, h, h.owner(t))
	accept := func(email string) answer {
		return h.post(t, "/invitations/accept", tokenBody(token), h.signIn(t, email))
	}
	advises(t, accept("eve@beta.example"), domain.CodeEmailMismatch, "use the account with the invited address")
	accept("bob@acme.example").is(t, 200)
}

func aVerifiedAddress(t *testing.T, h *installation) {
	token := mailedTo(t, h, h.owner(t))
	accept := func() answer {
		return h.post(t, "/invitations/accept", tokenBody(token), h.signIn(t, "bob@acme.example"))
	}
	h.config.Invitations.Users = unverified{h.identities}
	advises(t, accept(), domain.CodeEmailUnverified, "verify it first")
	h.config.Invitations.Users = h.identities // the address is verified
	accept().is(t, 200)
}

// unverified is a provider whose users have yet to prove their addresses.
type unverified struct{ ports.UserReader }

func (p unverified) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	user, err := p.UserReader.User(ctx, access)
	user.EmailVerified = false
	return user, err
}
