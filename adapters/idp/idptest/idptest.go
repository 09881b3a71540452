// Package idptest is the built-in identity provider for tests: its users are in
// memory, its mail is in a mailbox, and its passwords are hashed fast.
package idptest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Password is what the users of [Provider.Caller] sign in with.
var Password = domain.NewSecret("correct horse battery")

// Provider is an [idp.Provider] with what a test wants to see of it.
type Provider struct {
	*idp.Provider
	Mail *memory.Mailbox // holds the codes

	db     *memory.DB // of the users
	config idp.Config
}

// keys are those of all providers of a test binary: to make some takes a tenth of a
// second.
var keys = sync.OnceValues(idp.NewKeys)

// New returns a provider without users. Each change alters its configuration.
func New(changes ...func(*idp.Config)) *Provider {
	p := &Provider{Mail: &memory.Mailbox{}}
	p.db = &memory.DB{Now: p.now}
	p.config = idp.Config{
		Users:      p.db.Users(),
		Mail:       p.Mail,
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

// Change alters the configuration. The users and their sessions stay; challenges end.
// It must not be called while requests are served.
func (p *Provider) Change(changes ...func(*idp.Config)) {
	for _, change := range changes {
		change(&p.config)
	}
	p.Provider = domain.Must(idp.New(p.config))
}

// RequireConfirmation makes new users confirm their address with a code. It is a
// change for [New] and [Provider.Change].
func RequireConfirmation(c *idp.Config) { c.RequireConfirmation = true }

// Break makes the provider unavailable: its methods return
// [domain.CodeIdentityProviderUnavailable]. Access tokens are verified all the same.
func (p *Provider) Break() { p.db.Break() }

// Restore makes the provider available again.
func (p *Provider) Restore() { p.db.Restore() }

// Code returns the code of the last mail to the address, which is for confirming it,
// resetting its password or answering a challenge; the zero Secret if there was none.
func (p *Provider) Code(email domain.Email) domain.Secret {
	mail, _ := p.Mail.Last(email)
	return mail.Secret
}

// Caller returns the user with the address, signed in with [Password]. If the address
// has no account, Caller makes one and confirms it.
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

// join makes an account and confirms its address.
func (p *Provider) join(ctx context.Context, email domain.Email) error {
	user, err := p.SignUp(ctx, email, Password)
	if err != nil || user.Confirmed {
		return err
	}
	return p.ConfirmSignUp(ctx, email, p.Code(email))
}
