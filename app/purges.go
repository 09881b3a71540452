package app

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"net/url"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/archive"
	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// tenantPurges are the ports of the end of tenants.
type tenantPurges interface {
	ports.TenantPurger
	ports.TenantTombstones
	ports.TenantChecker
}

// purgeInterval is how often a server looks for tenants whose purge is due.
const purgeInterval = time.Minute

// purgeTenants purges tenants until the installation is closed. The first look is soon, so
// that the purge of a server that was replaced goes on.
func (p *Partywall) purgeTenants() {
	p.tasks.While(func(ctx context.Context) {
		for pause := time.Second; ; pause = purgeInterval {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			ended, err := p.Tenants.PurgeDue(ctx)
			if ended > 0 {
				p.config.logger().Info("purged deleted tenants", "count", ended)
			}
			switch {
			case err == nil || ctx.Err() != nil:
			case errors.Is(err, domain.CodeDatabaseUnavailable):
				p.config.logger().Warn("the database cannot be used; purges of deleted tenants go on later", "error", err)
			default:
				p.config.logger().Error("the purge of a deleted tenant failed; it is tried again", "error", err)
			}
		}
	})
}

// allObjects are the ports by which the operator's commands reach files.
type allObjects interface {
	archive.Objects
	ports.ObjectTenants
}

// lateObjects is the object store of an installation, opened when it is first used: most
// commands of the operator need none.
type lateObjects struct {
	config Config

	once   sync.Once
	opened allObjects
	close  func() error
	err    error
}

var (
	_ ports.ObjectPurger  = (*lateObjects)(nil)
	_ ports.ObjectTenants = (*lateObjects)(nil)
)

// HasObjects implements [ports.ObjectPurger].
func (l *lateObjects) HasObjects(ctx context.Context, tenant domain.TenantID) (bool, error) {
	if err := l.open(ctx); err != nil {
		return false, err
	}
	return l.opened.HasObjects(ctx, tenant)
}

// Purge implements [ports.ObjectPurger].
func (l *lateObjects) Purge(ctx context.Context, tenant domain.TenantID, limit int) (int, error) {
	if err := l.open(ctx); err != nil {
		return 0, err
	}
	return l.opened.Purge(ctx, tenant, limit)
}

// Tenants implements [ports.ObjectTenants].
func (l *lateObjects) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		if err := l.open(ctx); err != nil {
			yield(domain.TenantID{}, err)
			return
		}
		for id, err := range l.opened.Tenants(ctx) {
			if !yield(id, err) {
				return
			}
		}
	}
}

// Close closes the store if it was opened.
func (l *lateObjects) Close() error {
	if l.close == nil {
		return nil
	}
	return l.close()
}

func (l *lateObjects) open(ctx context.Context) error {
	l.once.Do(func() { l.err = l.reach(ctx) })
	return l.err
}

func (l *lateObjects) reach(ctx context.Context) error {
	p := &Partywall{config: l.config}
	if l.config.S3.Bucket == "" {
		secret := make([]byte, 32) // of URLs, none of which is signed here
		rand.Read(secret)
		store, err := disk.Open(l.config.objectsDir(), secret, &url.URL{})
		if err == nil {
			l.opened, l.close = store, store.Close
		}
		return err
	}
	cloud, err := p.loadAWS(ctx)
	if err != nil {
		return err
	}
	store, err := s3.New(p.s3Config(cloud))
	if err == nil {
		l.opened = store
	}
	return err
}
