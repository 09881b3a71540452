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
	q, err := queryOf(c.Request(), "prefix", "limit", "cursor")
	if err != nil {
		return err
	}
	page, err := pageOf(q)
	if err != nil {
		return err
	}
	after, err := fileCursor(member.Tenant(), page.cursor)
	if err != nil {
		return err
	}
	found, err := s.Files.List(c.Request().Context(), member, q["prefix"], after, page.limit)
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

// fileCursor returns the file of the tenant that a cursor names by its file name, so that
// no cursor reaches another tenant's files.
func fileCursor(tenant domain.TenantID, cursor string) (domain.ObjectKey, error) {
	if cursor == "" {
		return domain.ObjectKey{}, nil
	}
	name, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return domain.ObjectKey{}, errCursor
	}
	after, err := domain.NewObjectKey(tenant, string(name))
	if err != nil {
		return domain.ObjectKey{}, errCursor
	}
	return after, nil
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
