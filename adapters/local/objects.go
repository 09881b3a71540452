package local

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Objects keeps objects as files in a folder: a [ports.ObjectStore], the
// [http.Handler] of its signed URLs, and a [ports.Dependency].
//
// An upload is seen whole or not at all, also after a crash.
type Objects struct {
	disk    *disk
	signer  *signedurl.Signer
	handler http.Handler
}

var (
	_ ports.ObjectStore = (*Objects)(nil)
	_ ports.Dependency  = (*Objects)(nil)
	_ http.Handler      = (*Objects)(nil)
)

// OpenObjects opens the store in dir, and makes the folder if there is none. It
// is closed to other users of the machine. Uploads that a crash cut short are
// removed.
//
// URLs lie below base and are signed with secret, which is random and has at
// least 32 bytes. Those signed with another secret don't work.
func OpenObjects(dir string, secret []byte, base *url.URL) (*Objects, error) {
	d, err := openDisk(dir)
	if err != nil {
		return nil, objectError(err)
	}
	signer := signedurl.New(secret, base, time.Now)
	return &Objects{disk: d, signer: signer, handler: signer.Handler(d)}, nil
}

// Close releases the folder. What is being read or written goes on.
func (o *Objects) Close() error { return o.disk.root.Close() }

// SignUpload implements [ports.ObjectStore].
func (o *Objects) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	if err := ctx.Err(); err != nil {
		return ports.SignedRequest{}, err
	}
	return o.signer.Upload(key, upload)
}

// SignDownload implements [ports.ObjectStore].
func (o *Objects) SignDownload(ctx context.Context, key domain.ObjectKey, download ports.Download) (ports.SignedRequest, error) {
	if err := ctx.Err(); err != nil {
		return ports.SignedRequest{}, err
	}
	return o.signer.Download(key, download)
}

// Stat implements [ports.ObjectStore].
func (o *Objects) Stat(ctx context.Context, key domain.ObjectKey) (ports.ObjectInfo, error) {
	content, object, err := o.disk.Open(ctx, key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	content.Close()
	return object.ObjectInfo, nil
}

// Delete implements [ports.ObjectStore].
func (o *Objects) Delete(ctx context.Context, key domain.ObjectKey) error {
	if err := usable(ctx, key); err != nil {
		return err
	}
	return objectError(o.disk.remove(key))
}

// Ready implements [ports.Dependency]: the folder can be written.
func (o *Objects) Ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return objectError(o.disk.probe())
}

// ServeHTTP serves the URLs that SignUpload and SignDownload sign. It belongs at
// the path of the base URL, and all below it.
func (o *Objects) ServeHTTP(w http.ResponseWriter, r *http.Request) { o.handler.ServeHTTP(w, r) }

func usable(ctx context.Context, key domain.ObjectKey) error {
	if key.IsZero() {
		return domain.Invalidf("filename", "an object has a name")
	}
	return ctx.Err()
}

// objectError is the one place where the file system's errors become the domain's.
func objectError(err error) error {
	var ours *domain.Error
	switch {
	case err == nil, errors.As(err, &ours), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errAbsent):
		return &domain.Error{Kind: domain.NotFound, Message: "there is no such file"}
	case errors.Is(err, errDamaged):
		return &domain.Error{Kind: domain.Internal, Message: "the file is damaged", Err: err}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &domain.Error{Kind: domain.Unavailable, Code: domain.CodeObjectStoreUnavailable, Message: "the disk is full", Err: err}
	default:
		return &domain.Error{Kind: domain.Unavailable, Code: domain.CodeObjectStoreUnavailable, Message: "the files can't be reached", Err: err}
	}
}
