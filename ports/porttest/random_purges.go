package porttest

import (
	"context"
	"fmt"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// purgeEnd is where a random purge breaks off.
type purgeEnd int

const (
	afterLease purgeEnd = iota
	afterData
	atTheEnd
)

// purge purges the tenant if that is due, or breaks off in between.
func (w *world) purge(t *modelTenant) call {
	end := pick(w.rand, []purgeEnd{afterLease, afterData, atTheEnd, atTheEnd})
	return call{
		text: fmt.Sprintf("purge %s up to step %d", t.id, end),
		do: func(ctx context.Context) (string, error) {
			purge, found, err := w.Purges.Acquire(ctx, purgeRequest(t.id))
			if err != nil || !found {
				return "not due", err
			}
			return string(purge.Status), w.runPurge(ctx, purge, end)
		},
		want: func() (string, domain.Code) { return t.purge(end), "" },
	}
}

// runPurge makes the steps of a purge that was acquired.
func (w *world) runPurge(ctx context.Context, purge ports.Purge, end purgeEnd) error {
	if end == afterLease {
		return w.Purges.Release(ctx, purge.Lease, ports.PurgeFailure{})
	}
	if purge.Status == domain.Gone {
		return w.Purges.Finish(ctx, purge.Lease)
	}
	for more := true; more; {
		var err error
		if more, err = w.Purges.RemoveData(ctx, purge.Lease); err != nil {
			return err
		}
	}
	if end == afterData {
		return w.Purges.Release(ctx, purge.Lease, ports.PurgeFailure{})
	}
	return w.Purges.Bury(ctx, purge.Lease, 0)
}

// purge is the effect of a purge.
func (t *modelTenant) purge(end purgeEnd) string {
	switch {
	case t.status == domain.Gone && t.lateObjects:
		t.lateObjects = end == afterLease
		return string(domain.Gone)
	case t.status == domain.Deleted && t.expired:
		t.status, t.events = domain.Purging, t.events+1
	case t.status != domain.Purging:
		return "not due"
	}
	if end >= afterData {
		t.claimedBy = domain.Identity{}
		clear(t.members)
		clear(t.invitations)
	}
	if end == atTheEnd {
		t.status, t.lateObjects, t.events, t.maxRequests = domain.Gone, true, t.events+1, 0
	}
	return string(domain.Purging)
}

// free frees the ID of a tenant that is gone, or one that was never given out.
func (w *world) free(t *modelTenant) call {
	return call{
		text: fmt.Sprintf("free %s", t.id),
		do: func(ctx context.Context) (string, error) {
			lease := leaseOn(t.id)
			if err := w.Purges.Hold(ctx, lease); err != nil {
				return "", err
			}
			return "", w.Purges.Free(ctx, lease, operator)
		},
		want: func() (string, domain.Code) {
			if t.status != "" && t.status != domain.Gone || t.lateObjects {
				return "", domain.CodeTenantState
			}
			t.status, t.suspendedBy, t.deletedBy, t.name = "", "", "", ""
			t.events++
			return "", ""
		},
	}
}

// mustEndPurges ends each purge of the world's tenants that is due, as a server does, and
// fails if the check finds a fault in one of them.
func (w *world) mustEndPurges(t *testing.T) {
	t.Helper()
	faults, err := w.Purges.Check(t.Context())
	mustDo(t, err)
	for _, tenant := range w.tenants {
		for found := true; found; {
			var purge ports.Purge
			purge, found, err = w.Purges.Acquire(t.Context(), purgeRequest(tenant.id))
			mustDo(t, err)
			if found {
				mustDo(t, w.runPurge(t.Context(), purge, atTheEnd))
			}
		}
	}
	ended, err := w.Purges.Check(t.Context())
	mustDo(t, err)
	for _, fault := range append(faults, ended...) {
		for _, tenant := range w.tenants {
			if fault.Tenant == tenant.id.String() {
				t.Errorf("the check finds %+v", fault)
			}
		}
	}
}
