package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/adapters/internal/strictjson"
	"github.com/partywall-go/partywall/domain"
)

const (
	maxBodyLen   = 1 << 20
	maxBodyDepth = 2 + domain.MaxSettingsDepth // the API's own objects need 2; in one of them are a tenant's settings
)

// Decode reads the request's body, one strict JSON object, into the struct that into
// points to. An error names the field of the body that is wrong.
func Decode(c echo.Context, into any) error {
	r := c.Request()
	if err := wantJSON(r.Header); err != nil {
		return err
	}
	body, err := readBody(c.Response(), r)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return domain.Invalidf("", "the body is empty; send a JSON object")
	}
	return bodyError(strictjson.Decode(body, into, maxBodyDepth))
}

// DecodeOptional is [Decode] for a body that may be left out.
func DecodeOptional(c echo.Context, into any) error {
	if c.Request().ContentLength == 0 {
		return nil
	}
	return Decode(c, into)
}

func bodyError(err error) error {
	if err == nil {
		return nil
	}
	if field, ok := errors.AsType[*strictjson.FieldError](err); ok {
		return domain.Invalidf(field.Field, "%s", field.Error())
	}
	return domain.Invalidf("", "the body is not the JSON that this path accepts: %v", err)
}

// wantJSON refuses a body whose headers do not declare plain JSON in UTF-8.
func wantJSON(header http.Header) error {
	if encoding := header["Content-Encoding"]; len(encoding) > 1 || len(encoding) == 1 && !strings.EqualFold(encoding[0], "identity") {
		return unsupported("Content-Encoding", "send the body as it is, without a Content-Encoding")
	}
	switch types := header["Content-Type"]; {
	case len(types) != 1:
		return unsupported("Content-Type", "send one Content-Type: application/json")
	case types[0] == typeJSON:
		return nil
	default:
		mediaType, params, err := mime.ParseMediaType(types[0])
		charset, given := params["charset"]
		if err != nil || mediaType != typeJSON || given && !strings.EqualFold(charset, "utf-8") {
			return unsupported("Content-Type", "send the body as Content-Type: application/json, in UTF-8")
		}
		return nil
	}
}

func unsupported(field, text string) error {
	return problem.NewError(problem.CodeUnsupportedMediaType).WithMessage("%s", text).WithField(field)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBodyLen {
		return nil, errBodyTooLarge
	}
	body, err := readAll(io.LimitReader(r.Body, maxBodyLen+1), r.ContentLength)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, problem.NewError(problem.CodeRequestTimeout).WithCause(err)
	case err != nil:
		return nil, problem.NewError(problem.CodeBodyIncomplete).WithCause(err)
	case len(body) > maxBodyLen:
		return nil, errBodyTooLarge
	}
	// A deadline that passes while the request is at work would cancel its context.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return body, nil
}

// believedLen is the size of the buffer that a body gets before any of it arrives:
// more than most bodies need, and little enough for thousands of callers who only
// announce a long body.
const believedLen = 4 << 10

// readAll is [io.ReadAll] with one allocation for a short body of known length, which
// most bodies are. The memory for a longer body grows as it arrives.
func readAll(from io.Reader, length int64) ([]byte, error) {
	if length < 0 || length > believedLen {
		return io.ReadAll(from)
	}
	body := make([]byte, length)
	n, err := io.ReadFull(from, body)
	return body[:n], err
}

var errBodyTooLarge = domain.Errorf(domain.TooLarge, "a body has at most %d MiB", maxBodyLen>>20)
