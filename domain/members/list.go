package members

import (
	"cmp"
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Filter selects members. The zero Filter selects all.
type Filter struct {
	Role  domain.Role
	State domain.MemberState
	Text  string // part of the address or the subject, whatever the case of ASCII letters
}

// Page is a part of a list.
type Page struct {
	Members []domain.Membership
	Next    domain.Identity // pass it as after for the next page; zero: this is the last one
}

// The length of a page.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// maxTextLen bounds the text of a filter, as long as the longest address.
const maxTextLen = 254

// List returns at most limit members after the identity after, in the order of their
// providers and subjects; the zero identity comes before all. A limit of 0 is
// [DefaultPage].
//
// Errors: [domain.Invalid] on field "limit" beyond [MaxPage], "role", "state" or "q";
// [domain.CodeTenantNotFound] for the operator.
func (s *Service) List(ctx context.Context, by access.Manager, filter Filter, after domain.Identity, limit int) (Page, error) {
	if err := by.Require(); err != nil {
		return Page{}, err
	}
	limit = cmp.Or(limit, DefaultPage)
	if err := filter.check(limit); err != nil {
		return Page{}, err
	}
	found, err := s.Lister.List(ctx, ports.MemberQuery{
		Tenant: by.Tenant(),
		After:  after,
		Limit:  limit + 1, // one more shows whether there is another page
		Role:   filter.Role,
		State:  filter.State,
		Text:   filter.Text,
	})
	if err != nil || len(found) <= limit {
		return Page{Members: found}, err
	}
	return Page{Members: found[:limit], Next: found[limit-1].Identity}, nil
}

func (f Filter) check(limit int) error {
	if limit < 1 || limit > MaxPage {
		return domain.Invalidf("limit", "a page has 1 to %d members", MaxPage)
	}
	if len(f.Text) > maxTextLen || !utf8.ValidString(f.Text) || strings.ContainsFunc(f.Text, unicode.IsControl) {
		return domain.Invalidf("q", "the text to look for has at most %d bytes of UTF-8 without control characters", maxTextLen)
	}
	if f.Role != "" {
		if _, err := domain.ParseRole(string(f.Role)); err != nil {
			return err
		}
	}
	if f.State != "" {
		_, err := domain.ParseMemberState(string(f.State))
		return err
	}
	return nil
}
