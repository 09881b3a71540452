package s3

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/domain"
)

// HasObjects implements [ports.ObjectPurger], with one request.
func (s *Store) HasObjects(ctx context.Context, tenant domain.TenantID) (bool, error) {
	found, err := s.versions(ctx, folderOf(tenant), 1)
	return len(found) > 0, err
}

// Purge implements [ports.ObjectPurger]. It removes versions and markers first, then
// unfinished uploads. Each takes a request of its own, because not every server accepts
// one request for many, and XML cannot spell every key.
func (s *Store) Purge(ctx context.Context, tenant domain.TenantID, limit int) (removed int, err error) {
	for _, list := range []func(context.Context, string, int) ([]removable, error){s.versions, s.uploads} {
		if removed >= limit {
			break
		}
		found, err := list(ctx, folderOf(tenant), limit-removed)
		if err != nil {
			return removed, err
		}
		n, err := s.remove(ctx, found)
		if removed += n; err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// folderOf returns what all keys of the tenant begin with.
func folderOf(tenant domain.TenantID) string { return tenant.String() + "/" }

// removable is one thing that the server keeps under a key.
type removable interface {
	name() string // the key

	// remove removes it, and only it. Removing an absent one is no error.
	remove(ctx context.Context, client *s3.Client, bucket string) error
}

// removeWorkers is how many keys a purge works on at once.
const removeWorkers = 16

// remove removes the things and returns how many it removed. It works on several keys
// at once, but removes the versions of one key one by one, because a server may move
// the others then. It stops at the first error.
func (s *Store) remove(ctx context.Context, things []removable) (removed int, err error) {
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done atomic.Int64
	var wg sync.WaitGroup
	turns := make(chan struct{}, removeWorkers)
	for _, ofKey := range byName(things) {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			for _, thing := range ofKey {
				if err := s.removeOne(work, thing); err != nil {
					stop(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return int(done.Load()), translate(ctx, context.Cause(work))
}

func (s *Store) removeOne(ctx context.Context, thing removable) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return thing.remove(call, s.client, s.bucket)
}

func byName(things []removable) map[string][]removable {
	groups := map[string][]removable{}
	for _, thing := range things {
		groups[thing.name()] = append(groups[thing.name()], thing)
	}
	return groups
}
