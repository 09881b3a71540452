// Package disk keeps files on the disk of the machine, in a folder that is closed to
// its other users. The program itself serves their signed URLs.
package disk

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Store keeps objects as files in a folder: a [ports.ObjectSigner], a
// [ports.ObjectStore] and a [ports.ObjectPurger], the [http.Handler] of its signed
// URLs, and a [ports.Dependency].
//
// An upload becomes visible completely or not at all, even after a crash.
type Store struct {
	folder  *folder
	signer  *signedurl.Signer
	handler http.Handler
}

var (
	_ ports.ObjectSigner  = (*Store)(nil)
	_ ports.ObjectStore   = (*Store)(nil)
	_ ports.ObjectPurger  = (*Store)(nil)
	_ ports.ObjectTenants = (*Store)(nil)
	_ ports.Dependency    = (*Store)(nil)
	_ http.Handler        = (*Store)(nil)
)

// Open opens the store in dir, makes the folder if it does not exist, and closes it
// to other users of the machine. It removes uploads that a crash cut short.
//
// URLs lie below base and are signed with secret, which is random and has at
// least 32 bytes. URLs signed with another secret do not work.
func Open(dir string, secret []byte, base *url.URL) (*Store, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, objectError(err)
	}
	signer := signedurl.New(secret, base, time.Now)
	return &Store{folder: f, signer: signer, handler: signer.Handler(f)}, nil
}

// Close releases the folder. What is being read or written goes on.
func (s *Store) Close() error { return s.folder.root.Close() }

// SignUpload implements [ports.ObjectSigner].
func (s *Store) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	if err := ctx.Err(); err != nil {
		return ports.SignedRequest{}, err
	}
	return s.signer.Upload(key, upload), nil
}

// SignDownload implements [ports.ObjectSigner].
func (s *Store) SignDownload(ctx context.Context, key domain.ObjectKey, download ports.Download) (ports.SignedRequest, error) {
	if err := ctx.Err(); err != nil {
		return ports.SignedRequest{}, err
	}
	return s.signer.Download(key, download), nil
}

// Stat implements [ports.ObjectStore].
func (s *Store) Stat(ctx context.Context, key domain.ObjectKey) (ports.ObjectInfo, error) {
	content, object, err := s.folder.Open(ctx, key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	content.Close()
	return object.ObjectInfo, nil
}

// Delete implements [ports.ObjectStore].
func (s *Store) Delete(ctx context.Context, key domain.ObjectKey) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return objectError(s.folder.remove(key))
}

// List implements [ports.ObjectStore]. It reads each of the tenant's files, so a page
// takes longer the more there are. It leaves damaged files out.
func (s *Store) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	page, err := s.folder.list(ctx, prefix, after, limit)
	return page, objectError(err)
}

// HasObjects implements [ports.ObjectPurger].
func (s *Store) HasObjects(ctx context.Context, tenant domain.TenantID) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	found, err := s.folder.holds(ctx, tenant)
	return found, objectError(err)
}

// Purge implements [ports.ObjectPurger]. An upload that is in progress fails.
func (s *Store) Purge(ctx context.Context, tenant domain.TenantID, limit int) (removed int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	removed, err = s.folder.purge(ctx, tenant, limit)
	return removed, objectError(err)
}

// Tenants implements [ports.ObjectTenants].
func (s *Store) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		for id, err := range s.folder.tenants(ctx) {
			if !yield(id, objectError(err)) {
				return
			}
		}
	}
}

// Ready implements [ports.Dependency]: the folder can be written.
func (s *Store) Ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return objectError(s.folder.probe())
}

// ServeHTTP serves the URLs that SignUpload and SignDownload sign. It belongs at
// the path of the base URL, and all below it.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// objectError is the only place where the file system's errors become domain errors.
func objectError(err error) error {
	var ours *domain.Error
	switch {
	case err == nil, errors.As(err, &ours), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errAbsent):
		return ports.ErrNoObject
	case errors.Is(err, errDamaged):
		return domain.Errorf(domain.Internal, "the file is damaged").WithCause(err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return domain.NewError(domain.CodeObjectStoreFull).WithCause(err)
	default:
		return domain.NewError(domain.CodeObjectStoreUnavailable).WithCause(err)
	}
}
