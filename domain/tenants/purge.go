package tenants

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// How a purge works through a tenant. A step ends before the lease does, so that two
// processes never remove objects of one ID.
const (
	purgeLease    = 2 * time.Minute
	purgeStep     = time.Minute
	objectsAtOnce = 500

	// objectsAgain is when the objects of a purged tenant are removed once more: an upload
	// that began in the last second of its URL may end hours later.
	objectsAgain = 24 * time.Hour

	firstPurgeRetry = time.Minute // then 4 and 16 minutes, and so on
	maxPurgeRetry   = time.Hour
	maxFailureLen   = 1000 // bytes of a failure that are kept
)

// Purge ends the time in which a deleted tenant can be restored: its data are removed by
// [Service.PurgeDue] of any process, once no signed URL of its files is valid any more.
// Only the operator purges; any other steward gets [domain.Forbidden]. A tenant that is
// not deleted is [domain.CodeTenantState]. The reason may be empty.
func (s *Service) Purge(ctx context.Context, by access.Steward, reason string, conditions ...Condition) (domain.TenantDetails, error) {
	return s.changeFor(ctx, by, domain.TenantChange{Action: domain.PurgeTenant}, reason, conditions)
}

// PurgeDue purges the tenants whose time to be restored is over, one after the other, until
// none is due, and returns how many purges it ended: one removes the tenant, another one a
// day later the objects that were uploaded meanwhile. A purge that fails is tried again
// later, and does not stop the others. Several processes may call PurgeDue at once.
func (s *Service) PurgeDue(ctx context.Context) (ended int, err error) {
	var errs []error
	for ctx.Err() == nil {
		found, err := s.purgeNext(ctx, domain.TenantID{})
		switch {
		case err != nil && !found:
			return ended, errors.Join(append(errs, err)...)
		case err != nil:
			errs = append(errs, err)
		case !found:
			return ended, errors.Join(errs...)
		default:
			ended++
		}
	}
	return ended, errors.Join(append(errs, ctx.Err())...)
}

// AwaitPurge returns when a tenant that the operator purges is gone. It purges the tenant
// itself, unless another process does. It calls waits, which may be nil, every 10 seconds
// with the reason for which it waits. A tenant that is not being purged is
// [domain.CodeTenantState].
func (s *Service) AwaitPurge(ctx context.Context, by access.Operator, id domain.TenantID, waits func(reason string)) error {
	if err := by.Require(); err != nil {
		return err
	}
	if err := id.Require(); err != nil {
		return err
	}
	for said := (time.Time{}); ; {
		if _, err := s.purgeNext(ctx, id); err != nil {
			return err
		}
		details, err := s.Lifecycle.Details(ctx, id)
		switch {
		case err != nil:
			return err
		case details.Status == domain.Gone:
			return nil
		case !details.Status.MayBePurged():
			return domain.NewError(domain.CodeTenantState).WithMessage("the tenant is %s, and is not being purged", details.Status)
		}
		if waits != nil && time.Since(said) >= purgeReport {
			waits(whyWait(details))
			said = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(purgePoll):
		}
	}
}

const (
	purgePoll   = time.Second      // how often AwaitPurge looks at the tenant
	purgeReport = 10 * time.Second // how often it says for what it waits
)

func whyWait(t domain.TenantDetails) string {
	if until := t.DeletedAt.Add(ports.MaxSignedLife); time.Now().Before(until) {
		return fmt.Sprintf("signed URLs of its files may be valid until %s, for %s more", until.Format(time.RFC3339), time.Until(until).Round(time.Second))
	}
	return "another process purges it"
}

// purgeNext purges one tenant that is due: the one of the ID, or any if that is zero.
func (s *Service) purgeNext(ctx context.Context, id domain.TenantID) (found bool, err error) {
	purge, found, err := s.Purger.Acquire(ctx, ports.PurgeRequest{Lease: newPurgeLease(id), Quiet: ports.MaxSignedLife})
	if err != nil || !found {
		return false, err
	}
	if err = s.runPurge(ctx, purge); err != nil {
		s.breakOff(ctx, purge, err)
		err = fmt.Errorf("purge %s: %w", purge.Lease.Tenant, err)
	}
	return true, err
}

func newPurgeLease(id domain.TenantID) ports.PurgeLease {
	return ports.PurgeLease{Tenant: id, Holder: rand.Text(), Duration: purgeLease}
}

// runPurge makes all steps of a purge. Any of them may have been made before.
func (s *Service) runPurge(ctx context.Context, purge ports.Purge) error {
	if err := s.removeObjects(ctx, purge.Lease); err != nil {
		return err
	}
	if purge.Status == domain.Gone {
		return s.Purger.Finish(ctx, purge.Lease)
	}
	for more := true; more; {
		var err error
		if more, err = s.Purger.RemoveData(ctx, purge.Lease); err != nil {
			return err
		}
	}
	return s.Purger.Bury(ctx, purge.Lease, objectsAgain)
}

// removeObjects removes the objects of the tenant, page by page.
func (s *Service) removeObjects(ctx context.Context, lease ports.PurgeLease) error {
	if s.Objects == nil {
		return nil
	}
	for removed := 1; removed > 0; {
		if err := s.Purger.Renew(ctx, lease); err != nil {
			return err
		}
		var err error
		if removed, err = s.removePage(ctx, lease.Tenant); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) removePage(ctx context.Context, id domain.TenantID) (removed int, err error) {
	step, cancel := context.WithTimeout(ctx, purgeStep)
	defer cancel()
	removed, err = s.Objects.Purge(step, id, objectsAtOnce)
	if step.Err() != nil && ctx.Err() == nil && removed > 0 {
		return removed, nil // a slow store: go on with the next page
	}
	return removed, err
}

// breakOff ends the lease of a purge that failed. If the purge was only interrupted,
// another process may continue at once.
func (s *Service) breakOff(ctx context.Context, purge ports.Purge, cause error) {
	failure := ports.PurgeFailure{}
	if ctx.Err() == nil {
		failure.Text = domain.StoredText(cause.Error(), maxFailureLen)
		failure.Retry = min(firstPurgeRetry<<(2*min(purge.Failures, 8)), maxPurgeRetry)
	}
	const patience = time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = s.Purger.Release(ctx, purge.Lease, failure) // else the lease ends by itself
}
