package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
)

// list is a page of a list.
type list[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"` // empty: there are no more
}

// page is what a request asks of a list.
type page[A any] struct {
	filters map[string]string // by the names of their parameters
	limit   int
	after   A // zero: from the beginning
}

// queryOf returns the parameters of the request's query by their names. It refuses
// one that the route does not have, that comes twice, or that has a control character.
func queryOf(r *http.Request, names ...string) (map[string]string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, domain.Invalidf("", "the query cannot be read; escape its values (RFC 3986, section 2.1)")
	}
	values := make(map[string]string, len(query))
	for name := range query {
		if !slices.Contains(names, name) {
			return nil, domain.Invalidf(name, "there is no such parameter here")
		}
		if values[name], err = single(query, name); err != nil {
			return nil, err
		}
		if !utf8.ValidString(values[name]) || strings.ContainsFunc(values[name], unicode.IsControl) {
			return nil, domain.Invalidf(name, "%s is UTF-8 without control characters", name)
		}
	}
	return values, nil
}

// pageOf reads the parameters of a list: its filters, limit, and cursor, from which decode
// returns what the page comes after.
func pageOf[A any](r *http.Request, decode func(cursor string) (A, error), filters ...string) (page[A], error) {
	query, err := queryOf(r, append(filters, "limit", "cursor")...)
	if err != nil {
		return page[A]{}, err
	}
	p := page[A]{filters: query, limit: domain.DefaultPage}
	if text, given := query["limit"]; given {
		if p.limit, err = lengthOf(text); err != nil {
			return page[A]{}, err
		}
	}
	if cursor := query["cursor"]; cursor != "" {
		if p.after, err = decode(cursor); err != nil {
			return page[A]{}, domain.Invalidf("cursor", "send the nextCursor of the page before")
		}
	}
	return p, nil
}

// lengthOf reads the parameter limit, the length of a page. Only a use case takes 0 for the
// default.
func lengthOf(text string) (int, error) {
	limit, err := strconv.Atoi(text)
	if err != nil || limit == 0 {
		limit = -1
	}
	return domain.PageLimit(limit)
}
