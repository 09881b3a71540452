package httpapi

import (
	"encoding/base64"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// listFiles handles GET /files.
func (s *server) listFiles(c echo.Context, member access.Member) error {
	page, err := pageOf(c.Request(), fileCursorOf(member.Tenant()), "prefix")
	if err != nil {
		return err
	}
	found, err := s.Files.List(c.Request().Context(), member, page.filters["prefix"], page.after, page.limit)
	if err != nil {
		return err
	}
	answer := list[fileAnswer]{Items: make([]fileAnswer, len(found.Files)), NextCursor: base64.RawURLEncoding.EncodeToString([]byte(found.Next.Filename()))}
	for i, f := range found.Files {
		answer.Items[i] = fileAnswer{f.Key.Filename(), f.Size, f.ContentType, f.ModifiedAt}
	}
	return web.Respond(c, http.StatusOK, answer)
}

// fileAnswer is a file of a list.
type fileAnswer struct {
	Filename    string    `json:"filename"`
	Size        int64     `json:"size"`
	ContentType string    `json:"contentType"`
	ModifiedAt  time.Time `json:"modifiedAt"`
}

// fileCursorOf reads a cursor, which is the name of a file of the tenant, so that no cursor
// reaches another tenant's files.
func fileCursorOf(tenant domain.TenantID) func(cursor string) (domain.ObjectKey, error) {
	return func(cursor string) (domain.ObjectKey, error) {
		name, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
		if err != nil {
			return domain.ObjectKey{}, err
		}
		return domain.NewObjectKey(tenant, string(name))
	}
}

// deleteFile handles DELETE /files.
func (s *server) deleteFile(c echo.Context, member access.Member) error {
	q, err := queryOf(c.Request(), "filename")
	if err != nil {
		return err
	}
	if err := web.DecodeOptional(c, &struct{}{}); err != nil {
		return err
	}
	if err := s.Files.Delete(c.Request().Context(), member, q["filename"]); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
