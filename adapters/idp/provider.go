package idp

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	// ProviderName is the provider part of the identities of [Provider].
	ProviderName = "local"

	// Issuer is the "iss" of the tokens of [Provider].
	Issuer = "partywall-local"

	// ClientID is the "client_id" of the tokens of an installation's built-in provider.
	ClientID = "partywall"
)

// Config configures a [Provider]. Users, Mail, Keys, Hasher
// and ClientID are required; the other fields have a default for their zero value.
type Config struct {
	Users    ports.UserStore
	Mail     ports.Notifier // sends the codes
	Keys     *Keys
	Hasher   Hasher // hashes the passwords
	ClientID string // "client_id" and "aud" of the tokens

	// RequireConfirmation refuses sign-ins until the user has confirmed the address with
	// a code. Without it new users are confirmed at once: their addresses count as
	// verified, without a proof.
	RequireConfirmation bool

	AccessTTL  time.Duration // of access and ID tokens; default: 1 hour
	RefreshTTL time.Duration // of a session, however often refreshed; default: 30 days

	// RefreshGrace is how long a refresh token may be exchanged once more, for a
	// client that asks twice at once or loses an answer. The default is 10 seconds.
	RefreshGrace time.Duration

	// UnconfirmedTTL is how long an account may stay unconfirmed, unless it is a member
	// of a tenant. The default is 7 days.
	UnconfirmedTTL time.Duration

	// AnswerTime is the minimum time of ResendCode and ForgotPassword. It must be longer
	// than Mail takes, so that the time does not reveal which addresses have an account.
	// The default is 500 ms.
	AnswerTime time.Duration

	Now    func() time.Time // default: time.Now
	Logger *slog.Logger     // logs failed deliveries of codes and stolen refresh tokens; nil: nothing is logged
}

// Provider is the built-in identity provider. It implements
// [ports.IdentityProvider] on a [ports.UserStore], and [ports.TokenVerifier] for its
// own tokens. It requires a second factor only after [Provider.OrderChallenge].
type Provider struct {
	users               ports.UserStore
	mail                ports.Notifier
	keys                *Keys
	clientID            string
	requireConfirmation bool
	accessTTL           time.Duration
	refreshTTL          time.Duration
	refreshGrace        time.Duration
	unconfirmedTTL      time.Duration
	answerTime          time.Duration
	hasher              Hasher
	absent              ports.StoredUser // stands in for an address without an account
	now                 func() time.Time
	log                 *slog.Logger
	challenges          challenges
}

var (
	_ ports.IdentityProvider = (*Provider)(nil)
	_ ports.TokenVerifier    = (*Provider)(nil)
)

// New returns a provider with the given configuration.
func New(config Config) (*Provider, error) {
	if config.Users == nil || config.Mail == nil || config.Keys == nil || config.Hasher == nil || config.ClientID == "" {
		return nil, errors.New("the identity provider needs a user store, a notifier, keys, a hasher and a client ID")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Provider{
		users:               config.Users,
		mail:                config.Mail,
		keys:                config.Keys,
		clientID:            config.ClientID,
		requireConfirmation: config.RequireConfirmation,
		accessTTL:           cmp.Or(config.AccessTTL, time.Hour),
		refreshTTL:          cmp.Or(config.RefreshTTL, 30*24*time.Hour),
		refreshGrace:        cmp.Or(config.RefreshGrace, 10*time.Second),
		unconfirmedTTL:      cmp.Or(config.UnconfirmedTTL, 7*24*time.Hour),
		answerTime:          cmp.Or(config.AnswerTime, 500*time.Millisecond),
		hasher:              config.Hasher,
		absent:              ports.StoredUser{Subject: "absent", PasswordHash: config.Hasher.Decoy()},
		now:                 config.Now,
		log:                 cmp.Or(config.Logger, slog.New(slog.DiscardHandler)),
	}, nil
}

// Name returns [ProviderName].
func (p *Provider) Name() string { return ProviderName }

// SignUp creates an account. The errors are those of [ports.IdentityProvider].
func (p *Provider) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.CreatedUser, error) {
	if err := acceptPassword("password", email, password); err != nil {
		return ports.CreatedUser{}, err
	}
	hash, err := p.hash(ctx, password)
	if err != nil {
		return ports.CreatedUser{}, err
	}
	return p.create(ctx, ports.StoredUser{
		Subject:      uuid.NewString(),
		Email:        email,
		PasswordHash: hash,
		Confirmed:    !p.requireConfirmation,
	})
}

// create stores a new user and sends the confirmation code.
func (p *Provider) create(ctx context.Context, user ports.StoredUser) (ports.CreatedUser, error) {
	identity, err := domain.NewIdentity(ProviderName, user.Subject)
	if err != nil {
		return ports.CreatedUser{}, identityError(err)
	}
	if user.Confirmed {
		if err := p.users.CreateUser(ctx, user, nil); err != nil {
			return ports.CreatedUser{}, identityError(err)
		}
		return ports.CreatedUser{Identity: identity, Confirmed: true}, nil
	}
	code, stored, err := p.newCode(user.Subject, ports.ConfirmAddress)
	if err != nil {
		return ports.CreatedUser{}, err
	}
	err = p.users.CreateUser(ctx, user, &stored)
	if errors.Is(err, domain.CodeUserExists) {
		return p.renew(ctx, user)
	}
	if err != nil {
		return ports.CreatedUser{}, identityError(err)
	}
	return p.created(ctx, user, identity, code), nil
}

// renew sets the password of the existing account with anew's address, and sends a new
// code, unless the address is confirmed.
func (p *Provider) renew(ctx context.Context, anew ports.StoredUser) (ports.CreatedUser, error) {
	user, err := p.users.UserByEmail(ctx, anew.Email)
	if err != nil {
		return ports.CreatedUser{}, identityErrorOr(err, errUserExists) // it has just been removed
	}
	anew.Subject = user.Subject
	identity, err := domain.NewIdentity(ProviderName, user.Subject)
	if err != nil {
		return ports.CreatedUser{}, identityError(err)
	}
	code, stored, err := p.newCode(user.Subject, ports.ConfirmAddress)
	if err != nil {
		return ports.CreatedUser{}, err
	}
	if err := p.users.RenewSignUp(ctx, anew, stored); err != nil {
		return ports.CreatedUser{}, identityErrorOr(err, errUserExists)
	}
	return p.created(ctx, anew, identity, code), nil
}

// created sends a new user the confirmation code.
func (p *Provider) created(ctx context.Context, user ports.StoredUser, identity domain.Identity, code domain.Secret) ports.CreatedUser {
	created := ports.CreatedUser{Identity: identity}
	if p.deliver(ctx, user, ports.ConfirmAddress, code) {
		created.Delivery = &ports.CodeDelivery{Destination: user.Email.Masked(), Medium: "EMAIL", Attribute: "email"}
	}
	return created
}

// ConfirmSignUp spends the code that confirms the address. The errors are those of
// [ports.IdentityProvider].
func (p *Provider) ConfirmSignUp(ctx context.Context, email domain.Email, code domain.Secret) error {
	user, err := p.find(ctx, email)
	if err != nil {
		return err
	}
	if !isCode(code) {
		return errCodeInvalid
	}
	err = p.users.Confirm(ctx, user.Subject, p.keys.hashCode(user.Subject, ports.ConfirmAddress, code))
	return identityErrorOr(err, errCodeInvalid)
}

// ResendCode sends a new code if the address has an account that is not confirmed.
func (p *Provider) ResendCode(ctx context.Context, email domain.Email) error {
	return p.sendCode(ctx, email, ports.ConfirmAddress, func(user ports.StoredUser) bool { return !user.Confirmed })
}

// ForgotPassword sends a code if the address has an account. An unconfirmed account
// may have been created by another person; the code lets the owner of the address take it over.
func (p *Provider) ForgotPassword(ctx context.Context, email domain.Email) error {
	return p.sendCode(ctx, email, ports.ResetPassword, func(ports.StoredUser) bool { return true })
}

// Sweep removes the accounts whose address was not confirmed in time, and returns
// their number.
func (p *Provider) Sweep(ctx context.Context) (int, error) {
	removed, err := p.users.RemoveUnconfirmed(ctx, p.unconfirmedTTL)
	return removed, identityError(err)
}

// sendCode sends a code if the address has an account that may get one. It takes the
// same time either way, plus a random time that hides differences of scheduling.
func (p *Provider) sendCode(ctx context.Context, email domain.Email, purpose ports.CodePurpose, may func(ports.StoredUser) bool) error {
	answer := time.NewTimer(p.answerTime + rand.N(p.answerTime/10+1))
	defer answer.Stop()
	user, err := p.find(ctx, email)
	if err != nil {
		return err
	}
	if user.Subject != p.absent.Subject && may(user) {
		code, stored, err := p.newCode(user.Subject, purpose)
		if err != nil {
			return err
		}
		if err := p.users.IssueCode(ctx, user.Subject, stored); err != nil {
			return identityError(err)
		}
		p.deliver(ctx, user, purpose, code)
	}
	select {
	case <-answer.C:
	case <-ctx.Done(): // the caller no longer waits for the answer
	}
	return nil
}

// ResetPassword sets a new password and ends the user's sessions. The errors are
// those of [ports.IdentityProvider].
func (p *Provider) ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error {
	if err := acceptPassword("newPassword", email, password); err != nil {
		return err
	}
	user, err := p.find(ctx, email)
	if err != nil {
		return err
	}
	if !isCode(code) {
		return errCodeInvalid
	}
	hash, err := p.hash(ctx, password)
	if err != nil {
		return err
	}
	err = p.users.ResetPassword(ctx, user.Subject, p.keys.hashCode(user.Subject, ports.ResetPassword, code), hash)
	return identityErrorOr(err, errCodeInvalid)
}

// find returns the user with the address, or p.absent, who may do nothing, in about the
// same time.
func (p *Provider) find(ctx context.Context, email domain.Email) (ports.StoredUser, error) {
	user, err := p.users.UserByEmail(ctx, email)
	if errors.Is(err, domain.NotFound) {
		return p.absent, nil
	}
	return user, identityError(err)
}
