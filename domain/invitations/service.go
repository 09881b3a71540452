// Package invitations has the use cases of invitations to a tenant: to invite by mail
// or by link, to list, resend and revoke invitations, and to accept one.
package invitations

import (
	"context"
	"crypto/rand"
	"net/url"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Service creates invitations and accepts them.
//
// The token of an invitation by link is in the answer to the member who creates or
// resends it. The token of an invitation by mail does not exist before the mail is sent:
// a consumer of events calls [Service.IssueToken]. No token is stored, only its hash.
//
// Besides the errors that its methods name, a zero ID returns [domain.Invalid], a zero
// proof [domain.Forbidden], and an unavailable store [domain.CodeDatabaseUnavailable].
type Service struct {
	Store  ports.InvitationStore
	Tokens ports.InvitationTokens
	Users  ports.UserReader // returns the verified addresses of callers; nil: no address is verified
	Limits *Limits          // nil: none but those of the store

	// URL is the page that accepts an invitation. Its links have the token in the query
	// parameter "token".
	URL *url.URL

	// Unproven means that the identity provider confirms addresses without proof: then no
	// address counts as verified.
	Unproven bool

	Now      func() time.Time // nil: [time.Now]
	NewToken func() string    // with at least 128 random bits; nil: [rand.Text]
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Service) newToken() domain.Secret {
	if s.NewToken == nil {
		return domain.NewSecret(rand.Text())
	}
	return domain.NewSecret(s.NewToken())
}

// link returns the address of the page that accepts the invitation of the token.
func (s *Service) link(token domain.Secret) domain.Secret {
	var link url.URL
	if s.URL != nil {
		link = *s.URL
	}
	query := link.Query()
	query.Set("token", token.Reveal())
	link.RawQuery = query.Encode()
	return domain.NewSecret(link.String())
}

// verifiedEmail returns the caller's address, and the zero Email if it is not verified.
// Its errors are those of [ports.UserReader].
func (s *Service) verifiedEmail(ctx context.Context, caller ports.Caller) (domain.Email, error) {
	if s.Users == nil || s.Unproven || caller.Token().IsZero() {
		return domain.Email{}, nil
	}
	user, err := s.Users.User(ctx, caller.Token())
	if err != nil || !user.EmailVerified || user.Identity != caller.Identity() {
		return domain.Email{}, err
	}
	return user.Email, nil
}
