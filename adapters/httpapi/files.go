package httpapi

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/files"
)

// uploadURL handles POST /files/upload-url.
func (s *server) uploadURL(c echo.Context, member access.Member) error {
	var body struct {
		Filename    string `json:"filename"`
		Size        *int64 `json:"size"`
		ContentType string `json:"contentType"`
		SHA256      string `json:"sha256"`
		IfAbsent    bool   `json:"ifAbsent"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	size, err := sizeOf(body.Size)
	if err != nil {
		return err
	}
	signed, err := s.Files.UploadURL(c.Request().Context(), member, files.Upload{
		Filename:    body.Filename,
		Size:        size,
		ContentType: body.ContentType,
		SHA256:      body.SHA256,
		IfAbsent:    body.IfAbsent,
	})
	if err != nil {
		return err
	}
	headers := signed.Request.Headers
	if headers == nil {
		headers = map[string]string{}
	}
	return web.Respond(c, http.StatusOK, uploadAnswer{
		UploadURL: signed.Request.URL.Reveal(),
		Method:    signed.Request.Method,
		Headers:   headers,
		Key:       signed.Key.String(),
		ExpiresAt: signed.Request.ExpiresAt,
	})
}

// sizeOf returns the size that was sent, or an open one.
func sizeOf(sent *int64) (domain.FileSize, error) {
	if sent == nil {
		return domain.FileSize{}, nil
	}
	return domain.NewFileSize(*sent)
}

type uploadAnswer struct {
	UploadURL string            `json:"uploadUrl"`
	Method    string            `json:"method"`
	Headers   map[string]string `json:"headers"` // that the client must send, exactly
	Key       string            `json:"key"`
	ExpiresAt time.Time         `json:"expiresAt"`
}

// downloadURL handles GET /files/download-url.
func (s *server) downloadURL(c echo.Context, member access.Member) error {
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return domain.Invalidf("", "the query cannot be read; escape the file name (RFC 3986, section 2.1)")
	}
	filename, err := single(query, "filename")
	if err != nil {
		return err
	}
	disposition, err := single(query, "disposition")
	if err != nil {
		return err
	}
	signed, err := s.Files.DownloadURL(c.Request().Context(), member, filename, files.Disposition(disposition))
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, downloadAnswer{signed.Request.URL.Reveal(), signed.Request.ExpiresAt})
}

// single returns the value of a parameter that is sent once at most.
func single(query url.Values, name string) (string, error) {
	if len(query[name]) > 1 {
		return "", domain.Invalidf(name, "%s is given twice", name)
	}
	return query.Get(name), nil
}

type downloadAnswer struct {
	DownloadURL string    `json:"downloadUrl"`
	ExpiresAt   time.Time `json:"expiresAt"`
}
