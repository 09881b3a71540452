package invitations

import (
	"cmp"
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Page is a part of a list.
type Page struct {
	Invitations []domain.Invitation
	Next        domain.InvitationID // pass it as after for the next page; zero: this is the last one
}

// List returns at most limit invitations of the state, the newest first, after the
// invitation after. The zero InvitationID comes before all, the empty state is
// [domain.InvitationOpen], and a limit of 0 is
// [domain.DefaultPage].
//
// Errors: [domain.Invalid] on field "limit" beyond [domain.MaxPage], or "state";
// [domain.CodeTenantNotFound] for the operator.
func (s *Service) List(ctx context.Context, by access.Manager, state domain.InvitationState, after domain.InvitationID, limit int) (Page, error) {
	if err := by.Require(); err != nil {
		return Page{}, err
	}
	limit, err := domain.PageLimit(limit)
	if err != nil {
		return Page{}, err
	}
	state, err = domain.ParseInvitationState(string(cmp.Or(state, domain.InvitationOpen)))
	if err != nil {
		return Page{}, err
	}
	found, err := s.Store.List(ctx, ports.InvitationQuery{
		Tenant: by.Tenant(),
		State:  state,
		After:  after,
		Limit:  limit + 1, // one more shows whether there is another page
	})
	if err != nil || len(found) <= limit {
		return Page{Invitations: found}, err
	}
	return Page{found[:limit], found[limit-1].ID}, nil
}
