package idp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	codeDigits   = 8
	codes        = 100_000_000 // how many there are
	codeTTL      = 10 * time.Minute
	codeAttempts = 5

	mailTimeout = 5 * time.Second
)

// newCode makes a code for subject, and what a store may know of it.
func (p *Provider) newCode(subject string, purpose ports.CodePurpose) (domain.Secret, ports.NewCode, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(codes))
	if err != nil {
		return domain.Secret{}, ports.NewCode{}, identityError(err)
	}
	code := domain.NewSecret(fmt.Sprintf("%0*d", codeDigits, n))
	return code, ports.NewCode{
		Purpose:  purpose,
		Hash:     p.keys.hashCode(subject, purpose, code),
		TTL:      codeTTL,
		Attempts: codeAttempts,
	}, nil
}

// isCode reports whether code has the form of newCode's. What hasn't is wrong
// without being looked up, and costs no attempt.
func isCode(code domain.Secret) bool {
	digits, ok := domain.ParseOneTimeCode(code)
	return ok && digits == code && len(code.Reveal()) == codeDigits
}

// hashCode binds a code to its user and purpose. The key keeps whoever reads the
// store from trying all hundred million codes.
func (k *Keys) hashCode(subject string, purpose ports.CodePurpose, code domain.Secret) domain.TokenHash {
	mac := hmac.New(sha256.New, k.codes)
	for _, part := range []string{string(purpose), subject, code.Reveal()} {
		sum := sha256.Sum256([]byte(part)) // of one length: no part runs into the next
		mac.Write(sum[:])
	}
	return domain.TokenHash(mac.Sum(nil))
}

// signInCode is the purpose of a code that answers a challenge. No store keeps it.
const signInCode ports.CodePurpose = "sign-in"

// codeMail says what the code of a purpose is for.
var codeMail = map[ports.CodePurpose]ports.Mail{
	ports.ConfirmAddress: {
		Subject: "Confirm your address",
		Text:    "Somebody, most likely you, signed up with this address.\nWithin 10 minutes this code confirms that it is yours, together with the password of the newest sign-up. If you didn't just sign up, ignore this mail.",
	},
	ports.ResetPassword: {
		Subject: "Reset your password",
		Text:    "Somebody, most likely you, wants to set a new password.\nThis code allows it for 10 minutes. If it wasn't you, ignore this mail and tell nobody the code.",
	},
	signInCode: {
		Subject: "Your code to sign in",
		Text:    "This code completes a sign-in with this address within 3 minutes. If you aren't signing in, your password is known to another person: set a new one.",
	},
}

// deliver sends a code that the store knows already, and reports whether that
// worked. The user can ask for another one: a failure is for the operator.
func (p *Provider) deliver(ctx context.Context, user ports.StoredUser, purpose ports.CodePurpose, code domain.Secret) bool {
	// A caller who hangs up doesn't take the code along.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailTimeout)
	defer cancel()
	mail := codeMail[purpose]
	mail.To, mail.Secret = user.Email, code
	if err := p.mail.Send(ctx, mail); err != nil {
		p.log.ErrorContext(ctx, "a code couldn't be delivered", "purpose", purpose, "sub", user.Subject, "error", err)
		return false
	}
	return true
}

// mask shows an address to somebody who may not be its owner, as Cognito does: a***@e***.
func mask(email domain.Email) string {
	local, host, _ := strings.Cut(email.String(), "@")
	return initial(local) + "***@" + initial(host) + "***"
}

func initial(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}
