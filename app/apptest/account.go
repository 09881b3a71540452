package apptest

import (
	"crypto/rand"
	"net/netip"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/members"
)

// Account is a user who signed up. The identity provider has the user's address
// and password.
type Account struct {
	Email    domain.Email
	Password domain.Secret
	Identity domain.Identity
}

// SignUp returns a new, confirmed account, whose user is not a member of any tenant.
func (x *Tenant) SignUp(t testing.TB) Account {
	t.Helper()
	email, err := domain.ParseEmail(strings.ToLower(rand.Text()) + "@example.com")
	if err != nil {
		t.Fatal(err)
	}
	from, account := somewhere(), Account{Email: email, Password: domain.NewSecret("Aa1!" + rand.Text())}
	user, err := x.Identities.SignUp(t.Context(), from, identities.SignUp{Email: email, Password: account.Password})
	if err != nil {
		t.Fatal(err)
	}
	if !user.Confirmed {
		if err := x.Identities.VerifyEmail(t.Context(), from, email, x.NextMail(t, email).Secret); err != nil {
			t.Fatal(err)
		}
	}
	account.Identity = user.Identity
	return account
}

// JoinAs makes the account's user a member of x in that role, and signs the user in
// with the account's password.
func (x *Tenant) JoinAs(t testing.TB, account Account, role domain.Role) User {
	t.Helper()
	if _, err := x.Members.Grant(t.Context(), access.Installation(), x.ID, members.Grant{Identity: account.Identity, Role: role, Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
	return x.signIn(t, account)
}

// signIn signs in the user of an account, a member of x.
func (x *Tenant) signIn(t testing.TB, account Account) User {
	t.Helper()
	signed, err := x.Identities.SignIn(t.Context(), somewhere(), account.Email, account.Password)
	if err != nil {
		t.Fatal(err)
	}
	member, err := x.Access.Admit(t.Context(), account.Identity, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	return User{member, signed.Tokens.Access.Reveal()}
}

// somewhere returns a network address that no other account signs up from, so that tests
// do not exhaust each other's limits.
func somewhere() limits.Address {
	var ip [16]byte
	_, _ = rand.Read(ip[:]) // never fails
	ip[0] = 0xfd            // a network that is not routed
	return limits.AddressOf(netip.AddrFrom16(ip))
}
