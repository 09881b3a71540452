package signedurl

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Store keeps the objects that a [Signer]'s URLs name. Its errors are those of
// [ports.ObjectStore].
type Store interface {
	// Put keeps the whole of body under key, in place of what was there; a reader
	// sees the old object or the new one. Where body fails, nothing is kept and
	// its error comes back. Where ifAbsent is set and key is taken, it is a
	// [domain.Conflict]; of many who put one absent key at once, one succeeds.
	Put(ctx context.Context, key domain.ObjectKey, contentType string, ifAbsent bool, body io.Reader) error

	// Open returns the object under key. What it reads stays the same object,
	// whatever happens to key.
	Open(ctx context.Context, key domain.ObjectKey) (io.ReadSeekCloser, ports.ObjectInfo, error)
}

// Handler serves the URLs that s signs, from store. It is to be mounted at the
// base URL's path and all below it, for PUT, GET and HEAD.
func (s *Signer) Handler(store Store) http.Handler { return &handler{s, store} }

type handler struct {
	signer *Signer
	store  Store
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'") // an HTML file of one tenant is nobody's script
	header.Set("Cache-Control", "private, no-store")
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		err = h.download(w, r)
	case http.MethodPut:
		err = h.upload(w, r)
	default:
		header.Set("Allow", "GET, HEAD, PUT")
		err = errMethod
	}
	if err != nil {
		writeProblem(w, err)
	}
}

func (h *handler) download(w http.ResponseWriter, r *http.Request) error {
	key, grant, err := h.signer.verify(http.MethodGet, r.URL)
	if err != nil {
		return err
	}
	object, info, err := h.store.Open(r.Context(), key)
	if err != nil {
		return err
	}
	defer object.Close()
	header := w.Header()
	header.Set("ETag", etag(info))
	header.Set("Content-Type", cmp.Or(grant.contentType, info.ContentType, "application/octet-stream"))
	if grant.disposition != "" {
		header.Set("Content-Disposition", grant.disposition)
	}
	if !strings.HasPrefix(r.Header.Get("Range"), "bytes=") {
		r.Header.Del("Range") // one that isn't understood is ignored (RFC 9110, section 14.2)
	}
	http.ServeContent(&rangeRefuser{ResponseWriter: paceDownload(w)}, r, "", info.ModifiedAt, object)
	return nil
}

func (h *handler) upload(w http.ResponseWriter, r *http.Request) error {
	key, grant, err := h.signer.verify(http.MethodPut, r.URL)
	if err != nil {
		return err
	}
	if err := grant.accepts(r); err != nil {
		return err
	}
	body := newBody(paceUpload(w, r.Body), grant.sha256)
	// Whoever asks for If-None-Match gets it, whether it is signed or not.
	ifAbsent := r.Header.Get("If-None-Match") == "*"
	err = h.store.Put(r.Context(), key, r.Header.Get("Content-Type"), ifAbsent, body)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(grace)) // of the answer
	if err != nil {
		return err
	}
	if object, info, err := h.store.Open(r.Context(), key); err == nil {
		object.Close()
		w.Header().Set("ETag", etag(info))
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// accepts refuses a request whose headers aren't those that were signed. The
// server holds the body to its Content-Length, which S3 wants as well.
func (g grant) accepts(r *http.Request) error {
	switch {
	case r.ContentLength < 0:
		return errNoLength
	case g.size >= 0 && r.ContentLength != g.size:
		return errSize
	case g.contentType != "" && only(r.Header["Content-Type"]) != g.contentType:
		return errType
	case g.ifAbsent && only(r.Header["If-None-Match"]) != "*":
		return errIfAbsent
	}
	return nil
}

// only returns the value of a header that was sent once, and else "".
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// etag tells two versions of an object apart (RFC 9110, section 8.8.3).
func etag(info ports.ObjectInfo) string {
	return fmt.Sprintf(`"%x-%x"`, info.ModifiedAt.UnixNano(), info.Size)
}
