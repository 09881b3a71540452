package tenants

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Free frees the ID of a tenant that is gone, so that a new tenant may get it.
//
// Errors: [domain.Forbidden] without a proof of the operator; [domain.CodeTenantNotFound]
// for an ID that is free; [domain.CodeTenantState] for a tenant that is not gone, within a
// day of its purge, because files may still arrive, and if files lie under the ID;
// [domain.Conflict] while another process purges its files.
func (s *Service) Free(ctx context.Context, by access.Operator, id domain.TenantID) error {
	return s.free(ctx, by, id, false)
}

// FreeWithFiles is [Service.Free], but removes the files that lie under the ID, also under
// one that no tenant ever had, as after a restore of the database.
func (s *Service) FreeWithFiles(ctx context.Context, by access.Operator, id domain.TenantID) error {
	return s.free(ctx, by, id, true)
}

func (s *Service) free(ctx context.Context, by access.Operator, id domain.TenantID, removeFiles bool) error {
	if err := by.Require(); err != nil {
		return err
	}
	if err := id.Require(); err != nil {
		return err
	}
	details, err := s.Lifecycle.Details(ctx, id)
	switch {
	case domain.CodeOf(err) == domain.CodeTenantNotFound && removeFiles:
	case err != nil:
		return err
	case details.Status != domain.Gone:
		return ports.ErrNotGone(details.Status)
	}
	lease := newPurgeLease(id)
	if err := s.Tombstones.Hold(ctx, lease); err != nil {
		return err
	}
	if err = s.clear(ctx, lease, removeFiles); err == nil {
		err = s.Tombstones.Free(ctx, lease, domain.OperatorActor())
	}
	if err != nil {
		const patience = time.Second
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_ = s.Purger.Release(ctx, lease, ports.PurgeFailure{}) // else the lease ends by itself
	}
	return err
}

// clear removes the files under an ID that is held, or refuses if there are any.
func (s *Service) clear(ctx context.Context, lease ports.PurgeLease, removeFiles bool) error {
	switch has, err := s.hasObjects(ctx, lease.Tenant); {
	case err != nil || !has:
		return err
	case !removeFiles:
		return domain.NewError(domain.CodeTenantState).WithMessage("files lie under this ID; look at them, then %s", s.Advice.removeFiles(lease.Tenant.String()))
	}
	return s.removeObjects(ctx, lease)
}

func (s *Service) hasObjects(ctx context.Context, id domain.TenantID) (bool, error) {
	if s.Objects == nil {
		return false, nil
	}
	return s.Objects.HasObjects(ctx, id)
}

// refuseOrphans refuses an ID that no tenant has and under which files lie, as after a
// restore of the database: a tenant with that ID would find another one's files. The store
// answers for an ID that a tenant has.
func (s *Service) refuseOrphans(ctx context.Context, id domain.TenantID) error {
	if has, err := s.hasObjects(ctx, id); err != nil || !has {
		return err
	}
	details, err := s.Lifecycle.Details(ctx, id)
	switch {
	case domain.CodeOf(err) == domain.CodeTenantNotFound, err == nil && details.Status == domain.Unclaimed:
		return domain.NewError(domain.CodeTenantExists).WithCause(
			fmt.Errorf("files lie under the ID %s, although no tenant has it; look at them, then %s", id, s.Advice.removeFiles(id.String())))
	}
	return err
}
