// Package identities has the use cases of users: they sign up, sign in, and look up
// who they are. Their memberships decide what they may do; nothing in this package
// does.
package identities

import (
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// Service signs users up and in at one identity provider.
//
// Methods for callers who are not signed in take the network address that the request
// comes from, by which Limits counts them. The zero Address is an unknown one: all
// unknown callers share one allowance.
//
// Besides the errors that its methods name, a secret that is missing or too long is
// [domain.Invalid] on its field, too many requests are [domain.Limited], and a
// provider that cannot be reached is [domain.CodeIdentityProviderUnavailable].
type Service struct {
	Provider    ports.IdentityProvider
	Directory   ports.TenantDirectory
	Emails      ports.MemberEmails // nil: the lists of members keep no addresses
	Tenants     *tenants.Service
	Invitations *invitations.Service // nil: no user signs up with an invitation
	Limits      *Limits              // nil: none
}

const (
	maxCodeLen    = 256
	maxSessionLen = 16 << 10
)

// oneTimeCode returns the digits of a code that a person typed. Text that cannot be a
// code is [domain.CodeCodeInvalid] on field "code", as a wrong code is, but does not
// count as an attempt, and the provider is not asked.
func oneTimeCode(code domain.Secret) (domain.Secret, error) {
	if err := present("code", code, maxCodeLen); err != nil {
		return domain.Secret{}, err
	}
	digits, ok := domain.ParseOneTimeCode(code)
	if !ok {
		return domain.Secret{}, domain.NewError(domain.CodeCodeInvalid).WithMessage("a code has digits alone; enter it as the message shows it")
	}
	return digits, nil
}

// present refuses a secret that is missing or longer than limit bytes.
func present(field string, secret domain.Secret, limit int) error {
	switch n := len(secret.Reveal()); {
	case n == 0:
		return domain.Invalidf(field, "%s is required", field)
	case n > limit:
		return domain.Invalidf(field, "%s has at most %d bytes", field, limit)
	}
	return nil
}
