package porttest_test

import (
	"context"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Object stores, each of which breaks one promise.

type lax struct {
	porttest.Objects
	breaks func(*ports.Upload)
}

func (s lax) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	s.breaks(&upload)
	return s.Objects.SignUpload(ctx, key, upload)
}

// absent signs for callers that have left.
type absent struct{ porttest.Objects }

func (s absent) SignDownload(ctx context.Context, key domain.ObjectKey, download ports.Download) (ports.SignedRequest, error) {
	return s.Objects.SignDownload(context.WithoutCancel(ctx), key, download)
}

// greedy also lists and purges the files of a tenant whose ID begins with the tenant's.
type greedy struct{ porttest.Objects }

func (s greedy) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	mine, err := s.Objects.List(ctx, prefix, after, limit)
	if other, ok := neighbourOf(prefix.Tenant()); ok && err == nil {
		all := domain.Must(domain.NewObjectPrefix(other, ""))
		theirs, _ := s.Objects.List(ctx, all, domain.ObjectKey{}, limit)
		mine = append(mine, theirs...)
	}
	return mine, err
}

func (s greedy) Purge(ctx context.Context, tenant domain.TenantID, limit int) (int, error) {
	if other, ok := neighbourOf(tenant); ok {
		_, _ = s.Objects.Purge(ctx, other, limit)
	}
	return s.Objects.Purge(ctx, tenant, limit)
}

func neighbourOf(tenant domain.TenantID) (domain.TenantID, bool) {
	other, err := domain.ParseTenantID(tenant.String() + "x")
	return other, err == nil
}

// byFolder lists a folder where its name stands, as a walk of directories does.
type byFolder struct{ porttest.Objects }

func (s byFolder) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	page, err := s.Objects.List(ctx, prefix, after, limit)
	slices.SortFunc(page, func(a, b ports.ListedObject) int {
		return slices.Compare(strings.Split(a.Key.String(), "/"), strings.Split(b.Key.String(), "/"))
	})
	return page, err
}

// unselective lists all files of the tenant, whatever the prefix.
type unselective struct{ porttest.Objects }

func (s unselective) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	all, err := domain.NewObjectPrefix(prefix.Tenant(), "")
	if err != nil {
		return nil, err
	}
	return s.Objects.List(ctx, all, after, limit)
}

// boundless ignores the limits of lists and purges.
type boundless struct{ porttest.Objects }

func (s boundless) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, _ int) ([]ports.ListedObject, error) {
	return s.Objects.List(ctx, prefix, after, 1000)
}

func (s boundless) Purge(ctx context.Context, tenant domain.TenantID, _ int) (int, error) {
	return s.Objects.Purge(ctx, tenant, 1000)
}

// unmeasured lists no sizes.
type unmeasured struct{ porttest.Objects }

func (s unmeasured) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	page, err := s.Objects.List(ctx, prefix, after, limit)
	for i := range page {
		page[i].Size = 0
	}
	return page, err
}

// precipitate reports the end of a purge after its first step.
type precipitate struct{ porttest.Objects }

func (s precipitate) Purge(ctx context.Context, tenant domain.TenantID, limit int) (int, error) {
	_, err := s.Objects.Purge(ctx, tenant, limit)
	return 0, err
}

// blind finds no objects.
type blind struct{ porttest.Objects }

func (blind) HasObjects(ctx context.Context, tenant domain.TenantID) (bool, error) {
	return false, ctx.Err()
}
