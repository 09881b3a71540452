package web

import (
	"mime"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
)

const typeForm = "application/x-www-form-urlencoded"

// DecodeForm reads the request's body, which is a form as a browser sends it. The query of
// the address does not count.
func DecodeForm(c echo.Context) (url.Values, error) {
	r := c.Request()
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != typeForm {
		return nil, unsupported("Content-Type", "send the body as Content-Type: "+typeForm)
	}
	body, err := readBody(c.Response(), r)
	if err != nil {
		return nil, err
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, domain.Invalidf("", "the body is not a form: send percent-encoded pairs, name=value, joined by &") // err quotes the body
	}
	return fields, nil
}
