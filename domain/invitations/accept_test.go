package invitations_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// signsUp returns a sign-up of a new user.
func (in *installation) signsUp(email string) func(context.Context) (domain.Identity, error) {
	return func(ctx context.Context) (domain.Identity, error) {
		user, err := in.users.SignUp(ctx, address(email), idptest.Password)
		return user.Identity, err
	}
}

func TestASignUpAcceptsAnInvitationOfItsAddress(t *testing.T) {
	in := newInstallation(t)
	in.invite(t, invitations.Invite{Email: address("bob@example.com"), Role: domain.RoleAdmin})
	token, asked := in.mailed(t), false
	refused := func(context.Context) (domain.Identity, error) {
		asked = true
		return domain.Identity{}, domain.NewError(domain.CodeSignUpRefused)
	}
	_, err := in.AcceptBySignUp(t.Context(), limits.Address{}, address("eve@example.com"), token, refused)
	mustBe(t, err, domain.CodeEmailMismatch)
	_, err = in.AcceptBySignUp(t.Context(), limits.Address{}, address("bob@example.com"), domain.NewSecret("unknown"), refused)
	mustBe(t, err, domain.CodeInvitationInvalid)
	if asked {
		t.Error("the account was created before the token was found good")
	}
	_, err = in.AcceptBySignUp(t.Context(), limits.Address{}, address("bob@example.com"), token, refused)
	mustBe(t, err, domain.CodeSignUpRefused)
	accepted, err := in.AcceptBySignUp(t.Context(), limits.Address{}, address("Bob@example.com"), token, in.signsUp("bob@example.com"))
	if err != nil || accepted.Membership.Role != domain.RoleAdmin || accepted.Membership.Email != address("Bob@example.com") {
		t.Errorf("accepted %+v, %v", accepted, err)
	}
}

func TestANewUserWhoHangsUpIsAMember(t *testing.T) {
	in := newInstallation(t)
	token := in.invite(t, invitations.Invite{Role: domain.RoleViewer}).Token
	ctx, hangUp := context.WithCancel(t.Context())
	accepted, err := in.AcceptBySignUp(ctx, limits.Address{}, address("bob@example.com"), token, func(ctx context.Context) (domain.Identity, error) {
		defer hangUp()
		return in.signsUp("bob@example.com")(ctx)
	})
	if err != nil || accepted.Membership.Role != domain.RoleViewer || !accepted.Membership.Email.IsZero() {
		t.Errorf("accepted %+v, %v", accepted, err)
	}
}

func TestAnInvitationThatEndsDuringASignUpIsNotAccepted(t *testing.T) {
	in := newInstallation(t)
	issued := in.invite(t, invitations.Invite{Role: domain.RoleViewer})
	_, err := in.AcceptBySignUp(t.Context(), limits.Address{}, address("bob@example.com"), issued.Token, func(ctx context.Context) (domain.Identity, error) {
		if err := in.Revoke(ctx, in.manager(t, in.ada), issued.ID); err != nil {
			t.Error(err)
		}
		return in.signsUp("bob@example.com")(ctx)
	})
	mustBe(t, err, domain.CodeInvitationInvalid)
}

func TestAnInvitationByLinkIsAcceptedWithoutTheProvider(t *testing.T) {
	in := newInstallation(t)
	bob := in.caller(t, "bob@example.com")
	byLink := in.invite(t, invitations.Invite{Role: domain.RoleViewer}).Token
	in.invite(t, invitations.Invite{Email: address("bob@example.com"), Role: domain.RoleAdmin})
	byMail := in.mailed(t)
	in.users.Break()
	_, err := in.accept(t, bob, byMail)
	mustBe(t, err, domain.CodeIdentityProviderUnavailable)
	if role, err := in.accept(t, bob, byLink); role != domain.RoleViewer || err != nil {
		t.Errorf("accepted as %q, %v", role, err)
	}
	_, err = in.Create(t.Context(), in.manager(t, in.ada), in.ada, invitations.Invite{Email: address("cy@example.com"), Role: domain.RoleViewer})
	mustBe(t, err, domain.CodeIdentityProviderUnavailable)
	in.users.Restore()
	if role, err := in.accept(t, bob, byMail); role != domain.RoleAdmin || err != nil {
		t.Errorf("accepted as %q, %v", role, err)
	}
}

func TestWithoutAProviderNoAddressIsVerified(t *testing.T) {
	in := newInstallation(t)
	bob := in.caller(t, "bob@example.com")
	in.invite(t, invitations.Invite{Email: address("bob@example.com"), Role: domain.RoleAdmin})
	in.Users = nil
	_, err := in.accept(t, bob, in.mailed(t))
	mustBe(t, err, domain.CodeEmailUnverified)
	_, err = in.Create(t.Context(), in.manager(t, in.ada), in.ada, invitations.Invite{Email: address("cy@example.com"), Role: domain.RoleViewer})
	mustBe(t, err, domain.CodeEmailUnverified)
}

func TestTheAddressOfAMemberIsKept(t *testing.T) {
	in := newInstallation(t)
	if _, err := in.accept(t, in.caller(t, "bob@example.com"), in.invite(t, invitations.Invite{Role: domain.RoleViewer}).Token); err != nil {
		t.Fatal(err)
	}
	if found, err := in.db.Members().List(t.Context(), ports.MemberQuery{Tenant: acme, Text: "bob@example.com", Limit: 1}); err != nil || len(found) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestRefusedTokensAreLimited(t *testing.T) {
	in := newInstallation(t)
	good, bob, from := in.invite(t, invitations.Invite{Role: domain.RoleViewer}).Token, in.caller(t, "bob@example.com"), limits.Address{}
	for range invitations.TokensPerAddress {
		if _, err := in.Preview(t.Context(), from, good); err != nil {
			t.Fatal(err)
		}
		_, err := in.Preview(t.Context(), from, domain.NewSecret("unknown"))
		mustBe(t, err, domain.CodeInvitationInvalid)
	}
	_, err := in.Preview(t.Context(), from, good)
	mustBe(t, err, domain.Limited)
	_, err = in.accept(t, bob, good)
	mustBe(t, err, domain.Limited)
	in.now = in.now.Add(time.Minute)
	if _, err := in.accept(t, bob, good); err != nil {
		t.Error(err)
	}
}

func TestOnlyASignedInCallerAccepts(t *testing.T) {
	in := newInstallation(t)
	_, err := in.accept(t, ports.Caller{}, in.invite(t, invitations.Invite{Role: domain.RoleViewer}).Token)
	mustBe(t, err, domain.Unauthenticated)
}

func TestOnlyTheMemberOfTheProofSends(t *testing.T) {
	in := newInstallation(t)
	byMail := invitations.Invite{Email: address("cy@example.com"), Role: domain.RoleViewer}
	for name, caller := range map[string]ports.Caller{"another user": in.caller(t, "eve@example.com"), "no user": {}, "no token": ports.NewCaller(in.ada.Identity(), domain.Secret{}, in.now)} {
		if _, err := in.Create(t.Context(), in.manager(t, in.ada), caller, byMail); !errors.Is(err, domain.CodeEmailUnverified) {
			t.Errorf("%s: %v", name, err)
		}
	}
	issued := in.invite(t, byMail)
	_, err := in.Resend(t.Context(), in.manager(t, in.ada), ports.Caller{}, issued.ID)
	mustBe(t, err, domain.CodeEmailUnverified)
}

func TestALifeOfAnInvitationHasBounds(t *testing.T) {
	in := newInstallation(t)
	for life, good := range map[time.Duration]bool{
		domain.MinInvitationLife - 1: false, domain.MinInvitationLife: true, domain.MaxInvitationLife: true, domain.MaxInvitationLife + 1: false, -1: false,
	} {
		if _, err := in.Create(t.Context(), in.manager(t, in.ada), in.ada, invitations.Invite{Role: domain.RoleViewer, Life: life}); (err == nil) != good || err != nil && !errors.Is(err, domain.Invalid) {
			t.Errorf("%v: %v", life, err)
		}
	}
}
