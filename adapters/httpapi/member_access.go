package httpapi

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// manager lets a member who manages the members of the tenant in the path call next.
func (s *server) manager(next func(echo.Context, access.Manager) error) echo.HandlerFunc {
	return s.member(func(c echo.Context, member access.Member) error {
		manager, err := member.Manager()
		if err != nil {
			return err
		}
		return next(c, manager)
	})
}

// operatorAsManager lets the operator call next with the proof for the tenant in the
// path.
func (s *server) operatorAsManager(next func(echo.Context, access.Manager) error) echo.HandlerFunc {
	return operatorIn(s, access.Operator.Manager, next)
}

// subject returns the identity whose subject is in the path. Echo decodes a parameter
// only if the path has no escaped character that must stay escaped.
func (s *server) subject(c echo.Context) (domain.Identity, error) {
	subject := c.Param("sub")
	if c.Request().URL.RawPath != "" {
		decoded, err := url.PathUnescape(subject)
		if err != nil {
			return domain.Identity{}, domain.Invalidf("sub", "the sub in the path is not escaped as a path (RFC 3986, section 2.1)")
		}
		subject = decoded
	}
	return s.identityOf("sub", subject)
}

// cursorOf returns the cursor of the page after the identity, and "" for none. The
// parts of an identity have no line breaks.
func cursorOf(after domain.Identity) string {
	if after.IsZero() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(after.Provider() + "\n" + after.Subject()))
}

// memberCursor returns the identity that a cursor names.
func memberCursor(cursor string) (domain.Identity, error) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return domain.Identity{}, err
	}
	provider, subject, _ := strings.Cut(string(text), "\n")
	return domain.NewIdentity(provider, subject)
}
