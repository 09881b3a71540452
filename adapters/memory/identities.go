package memory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Identities is a [ports.IdentityProvider] and the [ports.TokenVerifier] of its
// tokens. It is for tests: passwords are hashed fast, and tokens are random text
// that it remembers. What a token verifies is believed while the provider is
// away, as it is with signed tokens.
type Identities struct {
	Breakable
	Now func() time.Time // nil: [time.Now]

	// RequireConfirmation makes SignUp leave users unconfirmed. Else their
	// addresses count as verified from the start.
	RequireConfirmation bool

	once  sync.Once
	users Users // never taken away

	mu         sync.Mutex
	codes      map[string]domain.Secret // the last of each address, by [domain.Email.Key]
	access     map[domain.Secret]ports.Caller
	due        map[string]string // the challenge of the next sign-in, by subject
	challenges map[domain.Secret]*challenge
}

const (
	identitiesName = "memory"

	accessTTL       = time.Hour
	refreshTTL      = 30 * 24 * time.Hour
	refreshGrace    = 10 * time.Second
	codeTTL         = 10 * time.Minute
	codeAttempts    = 5
	minPasswordSize = 8   // characters
	maxPasswordSize = 256 // bytes
)

var (
	errInvalidCredentials = domain.NewError(domain.CodeInvalidCredentials)
	errUserNotConfirmed   = domain.NewError(domain.CodeUserNotConfirmed)
)

// Name implements [ports.IdentityProvider]. It is "memory".
func (i *Identities) Name() string { return identitiesName }

// Ready implements [ports.Dependency].
func (i *Identities) Ready(ctx context.Context) error {
	return i.ready(ctx, domain.NewError(domain.CodeIdentityProviderUnavailable))
}

// SignUp implements [ports.IdentityProvider].
func (i *Identities) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.NewUser, error) {
	if err := i.check(ctx, email); err != nil {
		return ports.NewUser{}, err
	}
	if err := checkPassword("password", password); err != nil {
		return ports.NewUser{}, err
	}
	user := ports.StoredUser{Subject: newSubject(), Email: email, PasswordHash: hashPassword(password), Confirmed: !i.RequireConfirmation}
	made := ports.NewUser{Identity: identityOf(user), Confirmed: user.Confirmed}
	if user.Confirmed {
		if err := i.store().CreateUser(ctx, user, nil); err != nil {
			return ports.NewUser{}, err
		}
		return made, nil
	}
	code, stored := newCode(ports.ConfirmAddress)
	err := i.store().CreateUser(ctx, user, &stored)
	if errors.Is(err, domain.CodeUserExists) {
		made.Identity, err = i.renew(ctx, user, stored)
	}
	if err != nil {
		return ports.NewUser{}, err
	}
	i.mail(email, code)
	made.Delivery = &ports.CodeDelivery{Destination: mask(email), Medium: "EMAIL", Attribute: "email"}
	return made, nil
}

// renew gives the user who has the address the password and the code of a new
// sign-up, unless they are confirmed.
func (i *Identities) renew(ctx context.Context, anew ports.StoredUser, code ports.NewCode) (domain.Identity, error) {
	user, err := i.store().UserByEmail(ctx, anew.Email)
	if err != nil {
		return domain.Identity{}, err
	}
	anew.Subject = user.Subject
	return identityOf(user), i.store().RenewSignUp(ctx, anew, code)
}

// ConfirmSignUp implements [ports.IdentityProvider].
func (i *Identities) ConfirmSignUp(ctx context.Context, email domain.Email, code domain.Secret) error {
	user, err := i.find(ctx, email, errCodeInvalid)
	if err != nil {
		return err
	}
	if !isCode(code) {
		return errCodeInvalid
	}
	return i.store().Confirm(ctx, user.Subject, code.Hash())
}

// ResendCode implements [ports.IdentityProvider].
func (i *Identities) ResendCode(ctx context.Context, email domain.Email) error {
	user, err := i.find(ctx, email, nil)
	if err != nil || user.Subject == "" || user.Confirmed {
		return err
	}
	return i.sendCode(ctx, user, ports.ConfirmAddress)
}

// ForgotPassword implements [ports.IdentityProvider].
func (i *Identities) ForgotPassword(ctx context.Context, email domain.Email) error {
	user, err := i.find(ctx, email, nil)
	if err != nil || user.Subject == "" {
		return err
	}
	return i.sendCode(ctx, user, ports.ResetPassword)
}

// ResetPassword implements [ports.IdentityProvider].
func (i *Identities) ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error {
	user, err := i.find(ctx, email, errCodeInvalid)
	if err != nil {
		return err
	}
	if err := checkPassword("newPassword", password); err != nil {
		return err
	}
	if !isCode(code) {
		return errCodeInvalid
	}
	return i.store().ResetPassword(ctx, user.Subject, code.Hash(), hashPassword(password))
}

// SignIn implements [ports.IdentityProvider].
func (i *Identities) SignIn(ctx context.Context, email domain.Email, password domain.Secret) (ports.SignIn, error) {
	user, err := i.find(ctx, email, errInvalidCredentials)
	if err != nil {
		return ports.SignIn{}, err
	}
	if subtle.ConstantTimeCompare([]byte(user.PasswordHash), []byte(hashPassword(password))) == 0 {
		return ports.SignIn{}, errInvalidCredentials
	}
	if !user.Confirmed {
		return ports.SignIn{}, errUserNotConfirmed
	}
	if challenge := i.challenge(user); challenge != nil {
		return ports.SignIn{Challenge: challenge}, nil
	}
	return i.start(ctx, user)
}

// User implements [ports.IdentityProvider].
func (i *Identities) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	if err := i.Ready(ctx); err != nil {
		return ports.User{}, err
	}
	caller, err := i.Verify(ctx, access)
	if err != nil {
		return ports.User{}, err
	}
	user, err := i.store().UserBySubject(ctx, caller.Identity.Subject())
	if err != nil {
		return ports.User{}, err
	}
	return ports.User{Identity: caller.Identity, Email: user.Email, EmailVerified: user.Confirmed}, nil
}

func (i *Identities) store() *Users {
	i.once.Do(func() { i.users.Now = i.Now })
	return &i.users
}

func (i *Identities) check(ctx context.Context, email domain.Email) error {
	if email.IsZero() {
		return errNoEmail
	}
	return i.Ready(ctx)
}

// find returns the user with that address, or the error that an unknown address is.
func (i *Identities) find(ctx context.Context, email domain.Email, absent error) (ports.StoredUser, error) {
	if err := i.check(ctx, email); err != nil {
		return ports.StoredUser{}, err
	}
	user, err := i.store().UserByEmail(ctx, email)
	if errors.Is(err, domain.NotFound) {
		return ports.StoredUser{}, absent
	}
	return user, err
}

func (i *Identities) sendCode(ctx context.Context, user ports.StoredUser, purpose ports.CodePurpose) error {
	code, stored := newCode(purpose)
	if err := i.store().IssueCode(ctx, user.Subject, stored); err != nil {
		return err
	}
	i.mail(user.Email, code)
	return nil
}

func (i *Identities) mail(to domain.Email, code domain.Secret) {
	i.mu.Lock()
	defer i.mu.Unlock()
	set(&i.codes, to.Key(), code)
}

func newCode(purpose ports.CodePurpose) (domain.Secret, ports.NewCode) {
	code := newDigits()
	return code, ports.NewCode{Purpose: purpose, Hash: code.Hash(), TTL: codeTTL, Attempts: codeAttempts}
}

func newDigits() domain.Secret {
	n, _ := rand.Int(rand.Reader, big.NewInt(1e8)) // rand.Reader never fails
	return domain.NewSecret(fmt.Sprintf("%08d", n))
}

// isCode reports whether code has the form of newDigits'.
func isCode(code domain.Secret) bool {
	digits, ok := domain.ParseOneTimeCode(code)
	return ok && digits == code && len(code.Reveal()) == 8
}

func newToken() domain.Secret { return domain.NewSecret(rand.Text()) }

func newSubject() string { return strings.ToLower(rand.Text()) }

func identityOf(user ports.StoredUser) domain.Identity {
	who, _ := domain.NewIdentity(identitiesName, user.Subject) // newSubject's are valid
	return who
}

func hashPassword(password domain.Secret) string {
	hash := password.Hash()
	return string(hash[:])
}

func checkPassword(field string, password domain.Secret) error {
	if p := password.Reveal(); utf8.RuneCountInString(p) < minPasswordSize || len(p) > maxPasswordSize {
		return domain.NewError(domain.CodePasswordPolicy).WithMessage("a password has at least %d characters and at most %d bytes", minPasswordSize, maxPasswordSize).WithField(field)
	}
	return nil
}

// mask shows an address as Cognito does: a***@e***.
func mask(email domain.Email) string {
	local, host, _ := strings.Cut(email.String(), "@")
	first := func(s string) string { _, size := utf8.DecodeRuneInString(s); return s[:size] }
	return first(local) + "***@" + first(host) + "***"
}

// invalidToken refuses an access token. The reason is for the log.
func invalidToken(reason string) error {
	return domain.NewError(domain.CodeInvalidToken).WithCause(errors.New(reason))
}
