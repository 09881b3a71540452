package tenants

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Probe returns the time as read from inside tenant id, which shows that it can be
// served. It needs no proof and returns nothing but the time. Unknown, suspended
// and deleted tenants are [domain.CodeTenantNotFound]. Beyond as many calls at once as the
// tenant may have requests in flight, it returns [domain.CodeTenantBusy].
func (s *Service) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	if err := id.Require(); err != nil {
		return time.Time{}, err
	}
	end, err := s.InFlight.BeginAnyone(id)
	if err != nil {
		return time.Time{}, err
	}
	defer end()
	return s.Prober.Probe(ctx, id)
}

// List returns at most limit tenants whose IDs come after after, in the order of
// their IDs; the zero TenantID comes before all. Without a proof of the operator it
// returns [domain.Forbidden]. A limit of 0 is [domain.DefaultPage]; one beyond
// [domain.MaxPage] is [domain.Invalid] on field "limit".
func (s *Service) List(ctx context.Context, operator access.Operator, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	if err := operator.Require(); err != nil {
		return nil, err
	}
	limit, err := domain.PageLimit(limit)
	if err != nil {
		return nil, err
	}
	return s.Registry.List(ctx, after, limit)
}

// Page is a part of a list.
type Page struct {
	Tenants []domain.TenantDetails
	Next    domain.TenantID // pass it as after for the next page; zero: this is the last one
}

// Search returns at most limit tenants that the query selects and whose IDs come after
// after, in the order of their IDs; the zero TenantID comes before all. Their records
// have no settings. Without a proof of the operator it returns [domain.Forbidden]. A limit
// of 0 is [domain.DefaultPage]; one beyond [domain.MaxPage] is [domain.Invalid] on field
// "limit", a status that does not exist on field "status", and a text that no name
// contains on field "q".
func (s *Service) Search(ctx context.Context, operator access.Operator, query ports.TenantQuery, after domain.TenantID, limit int) (Page, error) {
	if err := operator.Require(); err != nil {
		return Page{}, err
	}
	limit, err := domain.PageLimit(limit)
	if err != nil {
		return Page{}, err
	}
	if query.Status != "" {
		if _, err := domain.ParseTenantStatus(string(query.Status)); err != nil {
			return Page{}, err
		}
	}
	if err := domain.CheckTenantSearch(query.Text); err != nil {
		return Page{}, err
	}
	found, err := s.Directory.Search(ctx, query, after, limit+1) // one more shows whether there is another page
	if err != nil || len(found) <= limit {
		return Page{Tenants: found}, err
	}
	return Page{found[:limit], found[limit-1].ID}, nil
}

// Sweep removes the reservations that were not claimed in time and the remains of
// interrupted creations, and returns how many IDs it freed. Until then they are
// absent all the same.
func (s *Service) Sweep(ctx context.Context) (int, error) { return s.Provisioner.Sweep(ctx) }
