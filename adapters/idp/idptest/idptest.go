// Package idptest provides the built-in identity provider to tests. It keeps users in
// memory and mail in a mailbox, and hashes passwords fast.
package idptest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/ports"
)

// Password is the password of the users of [Provider.Caller].
var Password = domain.NewSecret("correct horse battery")

// Provider is an [idp.Provider] with access to its mail.
type Provider struct {
	*idp.Provider
	Mail *memory.Mailbox // contains the codes

	db     *memory.DB // of the users
	config idp.Config
}

// keys are shared by all providers of a test binary, because generating them takes a
// tenth of a second.
var keys = sync.OnceValues(idp.NewKeys)

// New returns a provider without users. Each change modifies its configuration.
func New(changes ...func(*idp.Config)) *Provider {
	p := &Provider{Mail: &memory.Mailbox{}}
	p.db = &memory.DB{Now: p.now}
	p.config = idp.Config{
		Users:      p.db.Users(),
		Mail:       &mails.Service{Mailer: p.Mail},
		Keys:       domain.Must(keys()),
		Hasher:     memory.Hasher{},
		ClientID:   idp.ClientID,
		AnswerTime: time.Nanosecond,
		Now:        time.Now,
	}
	p.Change(changes...)
	return p
}

func (p *Provider) now() time.Time { return p.config.Now() }

// Change modifies the configuration. Users and their sessions remain; challenges end.
// It must not be called while requests are served.
func (p *Provider) Change(changes ...func(*idp.Config)) {
	for _, change := range changes {
		change(&p.config)
	}
	p.Provider = domain.Must(idp.New(p.config))
}

// RequireConfirmation requires new users to confirm their address with a code. It is a
// change for [New] and [Provider.Change].
func RequireConfirmation(c *idp.Config) { c.RequireConfirmation = true }

// Break makes the provider unavailable: its methods return
// [domain.CodeIdentityProviderUnavailable]. Access tokens are verified all the same.
func (p *Provider) Break() { p.db.Break() }

// Restore makes the provider available again.
func (p *Provider) Restore() { p.db.Restore() }

// Code returns the code of the last mail to the address, for confirming the address,
// resetting the password or answering a challenge. It is the zero Secret if there was no mail.
func (p *Provider) Code(email domain.Email) domain.Secret {
	mail, _ := p.Mail.Last(email)
	return mail.Secret
}

// Caller returns the user with the address, signed in with [Password]. If the address
// has no account, Caller creates and confirms one.
func (p *Provider) Caller(email domain.Email) (ports.Caller, error) {
	ctx := context.Background()
	signed, err := p.SignIn(ctx, email, Password)
	if errors.Is(err, domain.CodeInvalidCredentials) {
		if err := p.join(ctx, email); err != nil {
			return ports.Caller{}, err
		}
		signed, err = p.SignIn(ctx, email, Password)
	}
	if err != nil {
		return ports.Caller{}, err
	}
	return p.Verify(ctx, signed.Tokens.Access)
}

// join creates an account and confirms its address.
func (p *Provider) join(ctx context.Context, email domain.Email) error {
	user, err := p.SignUp(ctx, email, Password)
	if err != nil || user.Confirmed {
		return err
	}
	return p.ConfirmSignUp(ctx, email, p.Code(email))
}
