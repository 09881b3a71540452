package idp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	codeDigits   = 8
	codes        = 100_000_000 // the number of possible codes
	codeTTL      = 10 * time.Minute
	codeAttempts = 5

	mailTimeout = 5 * time.Second
)

// newCode creates a code for subject, and the part of it that a store may keep.
func (p *Provider) newCode(subject string, purpose ports.CodePurpose) (domain.Secret, ports.StoredCode, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(codes))
	if err != nil {
		return domain.Secret{}, ports.StoredCode{}, identityError(err)
	}
	code := domain.NewSecret(fmt.Sprintf("%0*d", codeDigits, n))
	return code, ports.StoredCode{
		Purpose:  purpose,
		Hash:     p.keys.hashCode(subject, purpose, code),
		TTL:      codeTTL,
		Attempts: codeAttempts,
	}, nil
}

// isCode reports whether code has the form of newCode's codes. Any other text is wrong
// without a look-up, and costs no attempt.
func isCode(code domain.Secret) bool {
	digits, ok := domain.ParseOneTimeCode(code)
	return ok && digits == code && len(code.Reveal()) == codeDigits
}

// hashCode binds a code to its user and purpose. The key prevents a reader of the
// store from trying all hundred million codes.
func (k *Keys) hashCode(subject string, purpose ports.CodePurpose, code domain.Secret) domain.TokenHash {
	mac := hmac.New(sha256.New, k.codes)
	for _, part := range []string{string(purpose), subject, code.Reveal()} {
		sum := sha256.Sum256([]byte(part)) // parts of equal length cannot run into each other
		mac.Write(sum[:])
	}
	return domain.TokenHash(mac.Sum(nil))
}

// signInCode is the purpose of a code that answers a challenge. No store keeps it.
const signInCode ports.CodePurpose = "sign-in"

// notification returns the occasion of the mail that has the code.
func notification(to domain.Email, purpose ports.CodePurpose, code domain.Secret) ports.Notification {
	switch purpose {
	case ports.ConfirmAddress:
		return ports.AddressConfirmation{To: to, Code: code, ExpiresIn: codeTTL}
	case ports.ResetPassword:
		return ports.PasswordReset{To: to, Code: code, ExpiresIn: codeTTL}
	default:
		return ports.SignInCode{To: to, Code: code, ExpiresIn: challengeTTL}
	}
}

// deliver sends a code that the store has already recorded, and reports whether that
// succeeded. It only logs a failure, because the user can ask for another code.
func (p *Provider) deliver(ctx context.Context, user ports.StoredUser, purpose ports.CodePurpose, code domain.Secret) bool {
	// If the caller disconnects, the code is sent all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailTimeout)
	defer cancel()
	if err := p.mail.Notify(ctx, notification(user.Email, purpose, code)); err != nil {
		p.log.ErrorContext(ctx, "cannot deliver a code", "purpose", purpose, "sub", user.Subject, "error", err)
		return false
	}
	return true
}
