package idp

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/partywall-go/partywall/domain"
)

// acceptPassword checks a new password. If it breaks the policy, the error is
// [domain.CodePasswordPolicy] on field.
func acceptPassword(field string, email domain.Email, password domain.Secret) error {
	if reason := refusePassword(email, normalPassword(password).Reveal()); reason != "" {
		e := domain.NewError(domain.CodePasswordPolicy).WithField(field).WithMessage("%s", reason)
		e.Details = map[string]string{
			"minCharacters": strconv.Itoa(domain.MinPasswordLen),
			"maxBytes":      strconv.Itoa(domain.MaxPasswordLen),
		}
		return e
	}
	return nil
}

func refusePassword(email domain.Email, password string) string {
	local, _, _ := strings.Cut(email.Key(), "@")
	switch {
	case !utf8.ValidString(password):
		return "a password is valid UTF-8"
	case strings.ContainsFunc(password, unicode.IsControl):
		return "a password has no control characters"
	case utf8.RuneCountInString(password) < domain.MinPasswordLen:
		return fmt.Sprintf("a password has at least %d characters", domain.MinPasswordLen)
	case len(password) > domain.MaxPasswordLen:
		return fmt.Sprintf("a password has at most %d bytes", domain.MaxPasswordLen)
	case strings.EqualFold(password, email.String()), strings.EqualFold(password, local):
		return "a password must not be the address that it belongs to"
	}
	return ""
}

// normalPassword returns the text to hash: NFC, so that the same password typed on two
// keyboards has the same bytes (RFC 8265, section 4.2).
func normalPassword(password domain.Secret) domain.Secret {
	return domain.NewSecret(norm.NFC.String(password.Reveal()))
}
