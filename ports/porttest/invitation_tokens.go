package porttest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// InvitationTokens runs the contract of [ports.InvitationTokens].
func InvitationTokens(t *testing.T, open func(t *testing.T) Tenancy) {
	issueTokens(t, open)
	acceptInvitations(t, open)
	refuseTokens(t, open)
	acceptAtOnce(t, open)
	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Invitations.Peek(ctx, newHash())
		return err
	})
}

// issue issues a token for an invitation by mail.
func (x team) issue(t *testing.T, i domain.Invitation) domain.TokenHash {
	t.Helper()
	token := newHash()
	_, err := x.Invitations.Issue(t.Context(), ports.TokenIssue{ID: i.ID, Tenant: i.Tenant, Generation: i.Generation, Token: token})
	mustDo(t, err)
	return token
}

// accept accepts an invitation by link.
func (x team) accept(t *testing.T, token domain.TokenHash, who domain.Identity) (ports.AcceptedInvitation, error) {
	t.Helper()
	return x.Invitations.Accept(t.Context(), ports.InvitationAcceptance{Token: token, Identity: who})
}

func issueTokens(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("the token of an invitation by mail is good once it is issued, and until the next is", func(t *testing.T) {
		x, to := openTeam(t, open), newEmail(t)
		mustDo(t, x.Emails.SetEmail(t.Context(), x.Owner, email(t, "owner@example.com")))
		r := x.mailRequest(domain.RoleViewer, to)
		i := x.invite(t, r)
		mustBe(t, second(x.Invitations.Peek(t.Context(), r.Token)), domain.CodeInvitationInvalid)
		mustBe(t, second(x.Invitations.Peek(t.Context(), domain.TokenHash{})), domain.CodeInvitationInvalid)
		first, next := x.issue(t, i), newHash()
		issued, err := x.Invitations.Issue(t.Context(), ports.TokenIssue{ID: i.ID, Tenant: x.ID, Generation: 1, Token: next})
		mustDo(t, err)
		mustBe(t, second(x.Invitations.Peek(t.Context(), first)), domain.CodeInvitationInvalid)
		peeked, err := x.Invitations.Peek(t.Context(), next)
		mustDo(t, err)
		for _, offer := range []ports.InvitationOffer{issued, peeked} {
			if !sameInvitation(offer.Invitation, i) || offer.TenantName != x.Name || offer.Inviter.String() != "owner@example.com" {
				t.Errorf("got %+v, want %+v of %s", offer, i, x.Name)
			}
		}
	})
	t.Run("no token is issued for a mail that is not to be sent", func(t *testing.T) {
		x := openTeam(t, open)
		y, owner := x.another(t), domain.UserActor(x.Owner)
		resent, revoked, deleted := x.invite(t, x.mailRequest(domain.RoleViewer, newEmail(t))), x.invite(t, x.mailRequest(domain.RoleViewer, newEmail(t))), y.invite(t, y.mailRequest(domain.RoleViewer, newEmail(t)))
		short := x.mailRequest(domain.RoleViewer, newEmail(t))
		short.Life = soon
		expired, other, byLink := x.invite(t, short), resent, x.invite(t, x.request(domain.RoleViewer))
		mustDo(t, second(x.resend(t, owner, resent, newHash())))
		mustDo(t, x.revoke(t, owner, revoked))
		y.mustChange(t, operator, remove)
		other.Tenant, other.Generation = y.ID, 2
		time.Sleep(past)
		for name, i := range map[string]domain.Invitation{"resent": resent, "revoked": revoked, "deleted": deleted, "expired": expired, "another tenant's": other, "by link": byLink} {
			_, err := x.Invitations.Issue(t.Context(), ports.TokenIssue{ID: i.ID, Tenant: i.Tenant, Generation: i.Generation, Token: newHash()})
			if !errors.Is(err, domain.CodeInvitationNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func acceptInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("accepting makes a member, and again gives the same answer", func(t *testing.T) {
		x, bob, to := openTeam(t, open), newIdentity(t), newEmail(t)
		i := x.invite(t, x.mailRequest(domain.RoleAdmin, to))
		acceptance := ports.InvitationAcceptance{Token: x.issue(t, i), Identity: bob, Email: to}
		for n := range 2 {
			got, err := x.Invitations.Accept(t.Context(), acceptance)
			mustDo(t, err)
			want := domain.Membership{
				Tenant: x.ID, Identity: bob, Role: domain.RoleAdmin, State: domain.MemberActive, CreatedAt: got.Membership.CreatedAt,
				Email: to, GrantedBy: domain.UserActor(x.Owner),
			}
			if !got.Membership.Equal(want) || got.Replayed != (n > 0) || got.Tenant.ID != x.ID || got.Tenant.Name != x.Name || got.Tenant.Status != domain.Active {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if stored := x.membership(t, bob); !stored.Equal(want) {
				t.Errorf("stored is %+v, want %+v", stored, want)
			}
			acceptance.Email = domain.Email{} // which proves nothing more
		}
		x.mustBeAdmitted(t, bob, true)
		found, err := x.Invitations.Find(t.Context(), x.ID, i.ID)
		mustDo(t, err)
		if found.AcceptedBy != bob || found.State != domain.InvitationAccepted {
			t.Errorf("the invitation is %+v", found)
		}
	})
	t.Run("a membership becomes what the rule of accepting makes of it", func(t *testing.T) {
		x := openTeam(t, open)
		for _, from := range allRoles {
			for _, role := range allRoles[:4] {
				for _, condition := range []string{"active", "suspended", "ending", "expired"} {
					if from == "" && condition != "active" {
						continue
					}
					x.mustAccept(t, x.memberIn(t, from, condition), role)
				}
			}
		}
	})
	t.Run("an invitation by mail is accepted with its address alone", func(t *testing.T) {
		x, bob, forms := openTeam(t, open), newIdentity(t), twoForms(t)
		acceptance := ports.InvitationAcceptance{Token: x.issue(t, x.invite(t, x.mailRequest(domain.RoleViewer, forms[0]))), Identity: bob}
		mustBe(t, second(x.Invitations.Accept(t.Context(), acceptance)), domain.CodeEmailUnverified)
		acceptance.Email = newEmail(t)
		mustBe(t, second(x.Invitations.Accept(t.Context(), acceptance)), domain.CodeEmailMismatch)
		x.mustHave(t, bob, "")
		acceptance.Email = forms[1]
		mustDo(t, second(x.Invitations.Accept(t.Context(), acceptance)))
	})
	t.Run("a member who was removed since needs a new invitation", func(t *testing.T) {
		x, bob := openTeam(t, open), newIdentity(t)
		r := x.request(domain.RoleViewer)
		x.invite(t, r)
		mustDo(t, second(x.accept(t, r.Token, bob)))
		mustDo(t, x.change(t, r.By, bob, toState(domain.MemberSuspended)))
		mustBe(t, second(x.accept(t, r.Token, bob)), domain.CodeMemberInactive)
		mustDo(t, x.change(t, r.By, bob, toRole("")))
		mustBe(t, second(x.accept(t, r.Token, bob)), domain.CodeInvitationInvalid)
		x.mustHave(t, bob, "")
	})
}

// memberIn returns a new identity whose membership is in the condition.
func (x team) memberIn(t *testing.T, role domain.Role, condition string) domain.Identity {
	t.Helper()
	who := x.join(t, role)
	switch condition {
	case "suspended":
		mustDo(t, x.change(t, operator, who, toState(domain.MemberSuspended)))
	case "ending":
		mustDo(t, x.change(t, operator, who, toExpiry(time.Now().Add(time.Hour))))
	case "expired":
		mustDo(t, x.change(t, operator, who, toExpiry(time.Now().Add(-time.Hour))))
	}
	return who
}

// mustAccept fails unless accepting an invitation to the role changes the membership as
// [domain.Invitation.Accept] does, or leaves it and the invitation alone.
func (x team) mustAccept(t *testing.T, who domain.Identity, role domain.Role) {
	t.Helper()
	r, from := x.request(role), x.membership(t, who)
	i := x.invite(t, r)
	want, refused := i.Accept(from, who, domain.Email{}, time.Now())
	got, err := x.accept(t, r.Token, who)
	now := x.membership(t, who)
	if refused != nil {
		mustBe(t, err, domain.CodeOf(refused))
		x.mustBeInState(t, i, domain.InvitationOpen)
		mustDo(t, x.revoke(t, r.By, i))
		want = from
	} else {
		mustDo(t, err)
		x.mustBeInState(t, i, domain.InvitationAccepted)
		if from.IsZero() {
			want.CreatedAt = now.CreatedAt
		}
		if !got.Membership.Equal(want) {
			t.Errorf("%+v accepts %s: got %+v, want %+v", from, role, got.Membership, want)
		}
	}
	if !now.Equal(want) {
		t.Errorf("%+v accepts %s: stored is %+v, want %+v", from, role, now, want)
	}
}

func refuseTokens(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a token that is not good has one error, whatever the reason", func(t *testing.T) {
		x := openTeam(t, open)
		y, z := x.another(t), x.another(t)
		used, revoked, suspended, deleted, expired := x.request(domain.RoleViewer), x.request(domain.RoleViewer), y.request(domain.RoleViewer), z.request(domain.RoleViewer), x.request(domain.RoleViewer)
		expired.Life = soon
		for _, r := range []ports.InvitationRequest{used, suspended, deleted, expired} {
			x.invite(t, r)
		}
		mustDo(t, second(x.accept(t, used.Token, newIdentity(t))))
		mustDo(t, x.revoke(t, revoked.By, x.invite(t, revoked)))
		y.Suspend(t, y.ID)
		z.mustChange(t, operator, remove)
		time.Sleep(past)
		for name, token := range map[string]domain.TokenHash{"unknown": newHash(), "used": used.Token, "revoked": revoked.Token, "suspended": suspended.Token, "deleted": deleted.Token, "expired": expired.Token} {
			_, peek := x.Invitations.Peek(t.Context(), token)
			_, accept := x.accept(t, token, newIdentity(t))
			if !errors.Is(peek, domain.CodeInvitationInvalid) || !errors.Is(accept, domain.CodeInvitationInvalid) || peek.Error() != accept.Error() {
				t.Errorf("%s: %v, %v", name, peek, accept)
			}
		}
	})
}

func acceptAtOnce(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("of many identities that accept one invitation at once, one succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		r := x.request(domain.RoleMember)
		i := x.invite(t, r)
		people := newIdentities(t)
		winner := mustWinOnce(t, race(func(n int) error { return second(x.accept(t, r.Token, people[n])) }), domain.CodeInvitationInvalid)
		for n, who := range people {
			x.mustHave(t, who, map[bool]domain.Role{true: domain.RoleMember}[n == winner])
		}
		x.mustBeInState(t, i, domain.InvitationAccepted)
	})
	t.Run("one identity that accepts many times at once gets one answer, and one event", func(t *testing.T) {
		x, bob := openTeam(t, open), newIdentity(t)
		r := x.request(domain.RoleMember)
		x.invite(t, r)
		var firsts atomic.Int32
		for _, err := range race(func(int) error {
			accepted, err := x.accept(t, r.Token, bob)
			if err == nil && !accepted.Replayed {
				firsts.Add(1)
			}
			return err
		}) {
			mustDo(t, err)
		}
		if firsts.Load() != 1 {
			t.Errorf("%d were no replay", firsts.Load())
		}
		mustBeKinds(t, x.events(t, x.ID), domain.EventTenantCreated, domain.EventInvitationCreated, domain.EventInvitationAccepted)
	})
	t.Run("an invitation that is accepted and revoked at once is one of both", func(t *testing.T) {
		x := openTeam(t, open)
		for range 4 {
			r, people := x.request(domain.RoleMember), newIdentities(t)
			i := x.invite(t, r)
			winner := mustWinOnce(t, race(func(n int) error {
				if n%2 == 0 {
					return x.revoke(t, r.By, i)
				}
				return second(x.accept(t, r.Token, people[n]))
			}), domain.CodeInvitationInvalid, domain.CodeInvitationNotFound)
			if winner%2 == 0 {
				x.mustBeInState(t, i, domain.InvitationRevoked)
				x.mustHave(t, people[1], "")
			} else {
				x.mustBeInState(t, i, domain.InvitationAccepted)
				x.mustHave(t, people[winner], domain.RoleMember)
			}
		}
	})
	t.Run("of an invitation that is accepted and resent at once, the old token is good before the first resending alone", func(t *testing.T) {
		x := openTeam(t, open)
		for range 4 {
			r, people := x.request(domain.RoleMember), newIdentities(t)
			i := x.invite(t, r)
			var accepted, resent int
			for n, err := range race(func(n int) error {
				if n%2 == 0 {
					return second(x.resend(t, r.By, i, newHash()))
				}
				return second(x.accept(t, r.Token, people[n]))
			}) {
				switch {
				case err != nil:
					mustBe(t, err, domain.CodeInvitationInvalid, domain.CodeInvitationNotFound)
				case n%2 == 0:
					resent++
				default:
					accepted++
				}
			}
			if (accepted != 1 || resent != 0) && (accepted != 0 || resent != racers/2) {
				t.Errorf("it was accepted %d times and resent %d times", accepted, resent)
			}
		}
	})
}

// newIdentities returns an identity for each racer.
func newIdentities(t *testing.T) []domain.Identity {
	t.Helper()
	all := make([]domain.Identity, racers)
	for n := range all {
		all[n] = newIdentity(t)
	}
	return all
}
