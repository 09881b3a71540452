package tenants

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// Probe returns the time as read from inside tenant id, which shows that it can be
// served. It needs no proof and returns nothing but the time. Unknown, suspended
// and deleted tenants are [domain.CodeTenantNotFound].
func (s *Service) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	if err := id.Require(); err != nil {
		return time.Time{}, err
	}
	return s.Prober.Probe(ctx, id)
}

// maxPage is the longest list that List returns.
const maxPage = 200

// List returns at most limit tenants whose IDs come after after, in the order of
// their IDs; the zero TenantID comes before all. Without a proof of the operator it
// returns [domain.Forbidden]; a limit that is not 1 to 200 is [domain.Invalid] on
// field "limit".
func (s *Service) List(ctx context.Context, operator access.Operator, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	if err := operator.Require(); err != nil {
		return nil, err
	}
	if limit < 1 || limit > maxPage {
		return nil, domain.Invalidf("limit", "a page has 1 to %d tenants", maxPage)
	}
	return s.Registry.List(ctx, after, limit)
}

// Sweep removes the reservations that were not claimed in time and the remains of
// interrupted creations, and returns how many IDs it freed. Until then they are
// absent all the same.
func (s *Service) Sweep(ctx context.Context) (int, error) { return s.Provisioner.Sweep(ctx) }
