package memory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag is one
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Objects keeps objects in memory: a [ports.ObjectSigner], a [ports.ObjectStore] and a
// [ports.ObjectPurger], and the [http.Handler] of the URLs that it signs.
type Objects struct {
	Breakable
	Now func() time.Time // nil: [time.Now]

	// Base is where the handler is mounted, and so how signed URLs begin. It must be set
	// before the first URL is signed. Nil is an address that no server answers, which is
	// enough if ServeHTTP is called without a server.
	Base *url.URL

	// MaxBytes is how much all objects and the uploads in progress may hold together. An
	// upload that needs more breaks off as [domain.CodeObjectStoreFull], which is
	// 507 over HTTP. Zero is 256 MiB.
	MaxBytes int64

	once    sync.Once
	signer  *signedurl.Signer
	handler http.Handler

	mu      sync.Mutex
	objects map[domain.ObjectKey]object
	held    int64 // bytes of objects, and of uploads in progress
}

var (
	_ ports.ObjectSigner  = (*Objects)(nil)
	_ ports.ObjectStore   = (*Objects)(nil)
	_ ports.ObjectPurger  = (*Objects)(nil)
	_ ports.ObjectTenants = (*Objects)(nil)
)

const defaultMaxBytes = 256 << 20

// object is never changed, only replaced.
type object struct {
	content []byte
	signedurl.Object
}

var (
	errObjectNotFound = ports.ErrNoObject
	errObjectsFull    = domain.NewError(domain.CodeObjectStoreFull)
)

// Ready implements [ports.Dependency].
func (o *Objects) Ready(ctx context.Context) error {
	return o.ready(ctx, domain.NewError(domain.CodeObjectStoreUnavailable))
}

// SignUpload implements [ports.ObjectSigner]. No URL lives longer than 15 minutes.
func (o *Objects) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	if err := o.Ready(ctx); err != nil {
		return ports.SignedRequest{}, err
	}
	o.once.Do(o.setUp)
	return o.signer.Upload(key, upload), nil
}

// SignDownload implements [ports.ObjectSigner]. No URL lives longer than 15 minutes.
func (o *Objects) SignDownload(ctx context.Context, key domain.ObjectKey, download ports.Download) (ports.SignedRequest, error) {
	if err := o.Ready(ctx); err != nil {
		return ports.SignedRequest{}, err
	}
	o.once.Do(o.setUp)
	return o.signer.Download(key, download), nil
}

// Stat implements [ports.ObjectStore].
func (o *Objects) Stat(ctx context.Context, key domain.ObjectKey) (ports.ObjectInfo, error) {
	found, err := o.find(ctx, key)
	return found.ObjectInfo, err
}

// Delete implements [ports.ObjectStore].
func (o *Objects) Delete(ctx context.Context, key domain.ObjectKey) error {
	if err := o.Ready(ctx); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held -= o.objects[key].Size
	delete(o.objects, key)
	return nil
}

// ServeHTTP serves the URLs that o signed.
func (o *Objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.once.Do(o.setUp)
	o.handler.ServeHTTP(w, r)
}

// Put keeps content under key, as an upload does, but without a check of its size.
func (o *Objects) Put(key domain.ObjectKey, contentType string, content []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held += int64(len(content))
	sum := md5.Sum(content) //nolint:gosec // S3's ETag is one
	o.keep(key, slices.Clone(content), signedurl.Object{
		ObjectInfo: ports.ObjectInfo{ContentType: contentType},
		ETag:       `"` + hex.EncodeToString(sum[:]) + `"`,
	})
}

// Get returns the content under key, and false if there is none.
func (o *Objects) Get(key domain.ObjectKey) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	found, ok := o.objects[key]
	return slices.Clone(found.content), ok
}

func (o *Objects) setUp() {
	base := o.Base
	if base == nil {
		base = &url.URL{Scheme: "http", Host: "objects.invalid"} // RFC 6761, section 6.4
	}
	o.signer = signedurl.New([]byte(rand.Text()+rand.Text()), base, func() time.Time { return clock(o.Now) })
	o.handler = o.signer.Handler(bucket{o})
}

func (o *Objects) find(ctx context.Context, key domain.ObjectKey) (object, error) {
	if err := o.Ready(ctx); err != nil {
		return object{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	found, ok := o.objects[key]
	if !ok {
		return object{}, errObjectNotFound
	}
	return found, nil
}

// keep replaces the object under key by content, whose bytes are counted already.
func (o *Objects) keep(key domain.ObjectKey, content []byte, kept signedurl.Object) {
	o.held -= o.objects[key].Size
	kept.Size, kept.ModifiedAt = int64(len(content)), clock(o.Now)
	set(&o.objects, key, object{content, kept})
}

// bucket presents Objects to the handler as a [signedurl.Store].
type bucket struct{ *Objects }

// Put implements [signedurl.Store].
func (b bucket) Put(ctx context.Context, key domain.ObjectKey, in *signedurl.Upload) error {
	if err := b.Ready(ctx); err != nil {
		return err
	}
	if err := b.allows(key, in.Condition); err != nil {
		return err // checked again below; this spares an upload that would lose
	}
	upload := &upload{body: in.Body, to: b.Objects}
	content, err := io.ReadAll(upload)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		now, found := b.objects[key]
		err = in.Condition.Check(found, now.Object)
	}
	if err != nil {
		b.held -= upload.held
		return err
	}
	b.keep(key, content, signedurl.Object{ObjectInfo: ports.ObjectInfo{ContentType: in.ContentType}, ETag: in.ETag(), Headers: in.Headers})
	return nil
}

func (b bucket) allows(key domain.ObjectKey, condition signedurl.Condition) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, found := b.objects[key]
	return condition.Check(found, now.Object)
}

// upload is a body in progress, whose bytes count from the moment they arrive.
type upload struct {
	body io.Reader
	to   *Objects
	held int64
}

// Read implements [io.Reader].
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.body.Read(p)
	if !u.to.hold(int64(n)) {
		return 0, errObjectsFull
	}
	u.held += int64(n)
	return n, err
}

// hold counts n bytes, if the store has room for them.
func (o *Objects) hold(n int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held+n > cmp.Or(o.MaxBytes, defaultMaxBytes) {
		return false
	}
	o.held += n
	return true
}

// Open implements [signedurl.Store].
func (b bucket) Open(ctx context.Context, key domain.ObjectKey) (io.ReadSeekCloser, signedurl.Object, error) {
	found, err := b.find(ctx, key)
	if err != nil {
		return nil, signedurl.Object{}, err
	}
	return content{bytes.NewReader(found.content)}, found.Object, nil
}

// content has an object's bytes, and needs no closing.
type content struct{ *bytes.Reader }

// Close implements [io.Closer].
func (content) Close() error { return nil }
