package memory

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// challenge is what a sign-in was asked.
type challenge struct {
	name      string
	subject   string
	code      domain.Secret // zero where a new password is asked for
	expiresAt time.Time
	attempts  int
}

const (
	newPasswordRequired = "NEW_PASSWORD_REQUIRED"
	newPassword         = "NEW_PASSWORD"

	challengeTTL      = 3 * time.Minute
	challengeAttempts = 3
)

// responses names what answers each challenge, in the words of Cognito's API.
var responses = map[string]string{
	newPasswordRequired:  newPassword,
	"SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
	"SMS_MFA":            "SMS_MFA_CODE",
	"EMAIL_OTP":          "EMAIL_OTP_CODE",
}

var (
	errNoChallenge      = domain.Invalidf("challengeName", "there is no challenge of this name")
	errChallengeInvalid = domain.NewError(domain.CodeChallengeInvalid)
)

// Challenge makes every later sign-in with that address meet a challenge:
// NEW_PASSWORD_REQUIRED, until it is answered, or one of SOFTWARE_TOKEN_MFA,
// SMS_MFA and EMAIL_OTP, whose code [Identities.Code] tells. An empty name ends that.
func (i *Identities) Challenge(email domain.Email, name string) error {
	if _, known := responses[name]; !known && name != "" {
		return errNoChallenge
	}
	user, err := i.store().UserByEmail(context.Background(), email)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	set(&i.due, user.Subject, name)
	return nil
}

// challenge asks user what is due, and returns nil if nothing is.
func (i *Identities) challenge(user ports.StoredUser) *ports.Challenge {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked := &challenge{name: i.due[user.Subject], subject: user.Subject, expiresAt: clock(i.Now).Add(challengeTTL), attempts: challengeAttempts}
	if asked.name == "" {
		return nil
	}
	parameters := map[string]string{}
	if asked.name != newPasswordRequired {
		asked.code = newDigits()
		set(&i.codes, user.Email.Key(), asked.code)
		parameters["CODE_DELIVERY_DESTINATION"] = mask(user.Email)
	}
	session := newToken()
	set(&i.challenges, session, asked)
	return &ports.Challenge{Name: asked.name, Session: session, Parameters: parameters}
}

// RespondToChallenge implements [ports.IdentityProvider]. A session takes three
// wrong answers.
func (i *Identities) RespondToChallenge(ctx context.Context, email domain.Email, answer ports.ChallengeAnswer) (ports.SignIn, error) {
	if _, known := responses[answer.Name]; !known {
		return ports.SignIn{}, errNoChallenge
	}
	user, err := i.find(ctx, email, errChallengeInvalid)
	if err != nil {
		return ports.SignIn{}, err
	}
	if err := i.answer(user, answer); err != nil {
		return ports.SignIn{}, err
	}
	if answer.Name == newPasswordRequired {
		if user, err = i.setPassword(ctx, user, answer.Responses[newPassword]); err != nil {
			return ports.SignIn{}, err
		}
	}
	return i.start(ctx, user)
}

// answer spends the session of a right answer.
func (i *Identities) answer(user ports.StoredUser, answer ports.ChallengeAnswer) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked := i.challenges[answer.Session]
	if asked == nil || asked.subject != user.Subject || asked.name != answer.Name || !clock(i.Now).Before(asked.expiresAt) {
		return errChallengeInvalid
	}
	response := answer.Responses[responses[asked.name]]
	if asked.name == newPasswordRequired {
		if err := checkPassword("responses."+newPassword, response); err != nil {
			return err
		}
		delete(i.due, user.Subject)
	} else if subtle.ConstantTimeCompare([]byte(response.Reveal()), []byte(asked.code.Reveal())) == 0 {
		if asked.attempts--; asked.attempts < 0 {
			delete(i.challenges, answer.Session)
		}
		return errChallengeInvalid
	}
	delete(i.challenges, answer.Session)
	return nil
}

// setPassword resets the password by a code that nobody else sees.
func (i *Identities) setPassword(ctx context.Context, user ports.StoredUser, password domain.Secret) (ports.StoredUser, error) {
	code, stored := newCode(ports.ResetPassword)
	if err := i.store().IssueCode(ctx, user.Subject, stored); err != nil {
		return ports.StoredUser{}, err
	}
	if err := i.store().ResetPassword(ctx, user.Subject, code.Hash(), hashPassword(password)); err != nil {
		return ports.StoredUser{}, err
	}
	return i.store().UserBySubject(ctx, user.Subject)
}
