package idp

import (
	"context"
	"crypto/rand"
	"maps"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	challengeTTL      = 3 * time.Minute
	challengeAttempts = 3
)

// challenges contains the open challenges of this process. No store keeps them.
type challenges struct {
	mu    sync.Mutex
	due   map[string]string // the name of the challenge that the next sign-in gets, by subject
	asked map[domain.Secret]*challenge
}

// challenge is an open challenge of a sign-in. Its session is its key.
type challenge struct {
	name         string
	subject      string
	passwordHash string           // at the time of the sign-in
	code         domain.TokenHash // zero if the challenge asks for a new password
	expiresAt    time.Time
	attempts     int // wrong answers that it still accepts
}

// OrderChallenge makes every later sign-in with the address return a challenge:
// [ports.ChallengeNewPassword] until the user sets a password, or another, whose code is
// mailed to the address. An empty name ends that. If the address has no account, the
// error is [domain.NotFound].
//
// No route calls OrderChallenge. Tests use it to show that an API client or a product
// can answer the challenges that Cognito returns.
func (p *Provider) OrderChallenge(ctx context.Context, email domain.Email, name string) error {
	if name != "" {
		if _, err := ports.ResponseTo(name); err != nil {
			return err
		}
	}
	user, err := p.users.UserByEmail(ctx, email)
	if err != nil {
		return identityErrorOr(err, err)
	}
	p.challenges.order(user.Subject, name)
	return nil
}

// challenge returns the challenge for user's sign-in, or nil.
func (p *Provider) challenge(ctx context.Context, user ports.StoredUser) (*ports.Challenge, error) {
	name := p.challenges.dueFor(user.Subject)
	if name == "" {
		return nil, nil
	}
	asked := &challenge{name: name, subject: user.Subject, passwordHash: user.PasswordHash, expiresAt: p.now().Add(challengeTTL), attempts: challengeAttempts}
	parameters := map[string]string{}
	if name != ports.ChallengeNewPassword {
		code, stored, err := p.newCode(user.Subject, signInCode)
		if err != nil {
			return nil, err
		}
		asked.code = stored.Hash
		p.deliver(ctx, user, signInCode, code)
		parameters[ports.ParameterDestination] = user.Email.Masked()
	}
	session := domain.NewSecret(rand.Text())
	p.challenges.ask(session, asked, p.now())
	return &ports.Challenge{Name: name, Session: session, Parameters: parameters}, nil
}

// RespondToChallenge answers a challenge that SignIn returned. A session ends after
// three wrong answers. The errors are those of [ports.IdentityProvider].
func (p *Provider) RespondToChallenge(ctx context.Context, email domain.Email, answer ports.ChallengeAnswer) (ports.SignIn, error) {
	user, err := p.find(ctx, email)
	if err != nil {
		return ports.SignIn{}, err
	}
	response, err := ports.ResponseTo(answer.Name)
	if err != nil {
		return ports.SignIn{}, err
	}
	if answer.Name == ports.ChallengeNewPassword {
		user, err = p.answerWithPassword(ctx, user, answer, response)
	} else {
		err = p.answerWithCode(user, answer, response)
	}
	if err != nil {
		return ports.SignIn{}, err
	}
	tokens, err := p.startSession(ctx, user)
	return ports.SignIn{Tokens: tokens}, err
}

func (p *Provider) answerWithCode(user ports.StoredUser, answer ports.ChallengeAnswer, response string) error {
	code := p.keys.hashCode(user.Subject, signInCode, answer.Responses[response])
	if !p.challenges.spend(answer, user, p.now(), func(asked *challenge) bool { return asked.code == code }) {
		return errChallengeInvalid
	}
	return nil
}

// answerWithPassword sets the password with a code that it creates for this purpose, and
// returns the changed user.
func (p *Provider) answerWithPassword(ctx context.Context, user ports.StoredUser, answer ports.ChallengeAnswer, response string) (ports.StoredUser, error) {
	if !p.challenges.has(answer, user, p.now()) {
		return ports.StoredUser{}, errChallengeInvalid
	}
	password := answer.Responses[response]
	if err := acceptPassword("responses."+response, user.Email, password); err != nil {
		return ports.StoredUser{}, err
	}
	hash, err := p.hash(ctx, password)
	if err != nil {
		return ports.StoredUser{}, err
	}
	_, code, err := p.newCode(user.Subject, ports.ResetPassword)
	if err != nil {
		return ports.StoredUser{}, err
	}
	if err := p.users.IssueCode(ctx, user.Subject, code); err != nil {
		return ports.StoredUser{}, identityErrorOr(err, errChallengeInvalid)
	}
	if !p.challenges.spend(answer, user, p.now(), func(*challenge) bool { return true }) {
		return ports.StoredUser{}, errChallengeInvalid // another request has just answered it
	}
	if err := p.users.ResetPassword(ctx, user.Subject, code.Hash, hash); err != nil {
		return ports.StoredUser{}, identityErrorOr(err, errChallengeInvalid)
	}
	p.challenges.order(user.Subject, "")
	user, err = p.users.UserBySubject(ctx, user.Subject)
	return user, identityErrorOr(err, errChallengeInvalid)
}

func (c *challenges) order(subject, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == "" {
		delete(c.due, subject)
		return
	}
	if c.due == nil {
		c.due = map[string]string{}
	}
	c.due[subject] = name
}

func (c *challenges) dueFor(subject string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.due[subject]
}

// ask stores a challenge until it is answered, and drops expired ones.
func (c *challenges) ask(session domain.Secret, asked *challenge, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[domain.Secret]*challenge{}
	}
	maps.DeleteFunc(c.asked, func(_ domain.Secret, old *challenge) bool { return !now.Before(old.expiresAt) })
	c.asked[session] = asked
}

// has reports whether the answer belongs to a challenge of the user.
func (c *challenges) has(answer ports.ChallengeAnswer, user ports.StoredUser, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(answer, user, now) != nil
}

// spend reports whether the answer is right. A right answer ends the session, and so
// does a wrong one when no attempt is left.
func (c *challenges) spend(answer ports.ChallengeAnswer, user ports.StoredUser, now time.Time, right func(*challenge) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.find(answer, user, now)
	if asked == nil {
		return false
	}
	if right(asked) {
		delete(c.asked, answer.Session)
		return true
	}
	if asked.attempts--; asked.attempts < 0 {
		delete(c.asked, answer.Session)
	}
	return false
}

// find returns the challenge that the answer belongs to, or nil. A password reset
// since the sign-in ends the challenge.
func (c *challenges) find(answer ports.ChallengeAnswer, user ports.StoredUser, now time.Time) *challenge {
	asked := c.asked[answer.Session]
	if asked == nil || asked.subject != user.Subject || asked.passwordHash != user.PasswordHash || asked.name != answer.Name || !now.Before(asked.expiresAt) {
		return nil
	}
	return asked
}
