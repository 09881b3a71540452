package members

import (
	"context"

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

// List returns at most limit members after the identity after, in the order of their
// providers and subjects; the zero identity comes before all. A limit of 0 is
// [domain.DefaultPage].
//
// Errors: [domain.Invalid] on field "limit" beyond [domain.MaxPage], "role", "state" or "q";
// [domain.CodeTenantNotFound] for the operator.
func (s *Service) List(ctx context.Context, by access.Manager, filter Filter, after domain.Identity, limit int) (Page, error) {
	if err := by.Require(); err != nil {
		return Page{}, err
	}
	limit, err := domain.PageLimit(limit)
	if err != nil {
		return Page{}, err
	}
	if err := filter.check(); err != nil {
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

func (f Filter) check() error {
	if err := domain.CheckMemberSearch(f.Text); err != nil {
		return err
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
