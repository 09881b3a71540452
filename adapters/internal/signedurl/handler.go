package signedurl

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Store keeps the objects that a [Signer]'s URLs name. Its errors are those of
// [ports.ObjectSigner], and of [Condition.Check].
type Store interface {
	// Put keeps the whole of upload's body under key, in place of the object there; a
	// reader sees the old object or the new one. If the body fails, nothing is kept and
	// Put returns the body's error. The check of upload's condition and the replacement
	// are one step: of many callers who put one absent key at once, one succeeds, and so
	// does one of many who replace one ETag.
	Put(ctx context.Context, key domain.ObjectKey, upload *Upload) error

	// Open returns the object under key. Its content stays that of the same object,
	// whatever happens to key.
	Open(ctx context.Context, key domain.ObjectKey) (io.ReadSeekCloser, Object, error)
}

// Upload is one PUT.
type Upload struct {
	ContentType string
	Headers     map[string]string // see [Object]
	Condition   Condition
	Body        io.Reader

	body *body
}

// ETag returns the ETag of the content of Body, after it was read to its end.
func (u *Upload) ETag() string { return u.body.etag() }

// Handler serves the URLs that s signs, from store. It must be mounted at the base
// URL's path and all below it, for PUT and GET. As on S3, a URL to read does not
// permit HEAD.
func (s *Signer) Handler(store Store) http.Handler { return &handler{s, store} }

type handler struct {
	signer *Signer
	store  Store
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", sandboxed)
	header.Set("Cache-Control", "private, no-store")
	var err error
	switch r.Method {
	case http.MethodGet:
		err = h.download(w, r)
	case http.MethodHead: // no URL is signed for it
		err = errSignature
	case http.MethodPut:
		err = h.upload(w, r)
	default:
		header.Set("Allow", "GET, PUT")
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
	if err := checkUnsigned(r.Header, ""); err != nil {
		return err
	}
	content, object, err := h.store.Open(r.Context(), key)
	if err != nil {
		return err
	}
	defer content.Close()
	describe(w.Header(), object, grant)
	if !understood(r.Header.Get("Range")) {
		r.Header.Del("Range") // it is ignored (RFC 9110, section 14.2)
	}
	http.ServeContent(&downloadWriter{ResponseWriter: paceDownload(w), size: object.Size}, r, "", object.ModifiedAt, content)
	return nil
}

// describe sets the headers of a download: the kept ones, and over them the signed
// ones.
func describe(header http.Header, object Object, g grant) {
	for name, value := range object.Headers {
		header.Set(name, value)
	}
	header.Set("ETag", etagOf(object))
	header.Set("Content-Type", cmp.Or(g.ContentType, object.ContentType, "application/octet-stream"))
	if g.disposition != "" {
		header.Set("Content-Disposition", g.disposition)
	}
	if g.showsMedia() {
		header.Set("Content-Security-Policy", playable)
	}
}

const (
	// sandboxed keeps the scripts of a tenant's HTML file from running.
	sandboxed = "sandbox; default-src 'none'"

	// playable lets a tab play what it shows. A sandbox would make the tab's origin
	// opaque, and the media that its own page loads would be of another origin. It is
	// only for types that cannot run a script.
	playable = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"
)

// showsMedia reports whether the URL was signed to show sound or film, whatever was
// uploaded.
func (g grant) showsMedia() bool {
	return strings.HasPrefix(g.disposition, "inline") && (strings.HasPrefix(g.ContentType, "audio/") || strings.HasPrefix(g.ContentType, "video/"))
}

// understood reports whether a Range is one range of bytes. As on S3, several ranges
// count as no Range.
func understood(r string) bool { return strings.HasPrefix(r, "bytes=") && !strings.Contains(r, ",") }

func (h *handler) upload(w http.ResponseWriter, r *http.Request) error {
	key, grant, err := h.signer.verify(http.MethodPut, r.URL)
	if err != nil {
		return err
	}
	if err := grant.accepts(r); err != nil {
		return err
	}
	body, err := newBody(paceUpload(w, r.Body), r.Header, grant.SHA256)
	if err != nil {
		return err
	}
	upload := &Upload{
		ContentType: r.Header.Get("Content-Type"),
		Headers:     kept(r.Header),
		// A condition is honoured, whether it is signed or not.
		Condition: Condition{Absent: r.Header.Get("If-None-Match") == "*", Match: matchOf(r.Header["If-Match"])},
		Body:      body,
		body:      body,
	}
	err = h.store.Put(r.Context(), key, upload)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(grace)) // of the answer
	if err != nil {
		return err
	}
	w.Header().Set("ETag", upload.ETag())
	w.WriteHeader(http.StatusOK)
	return nil
}

// accepts refuses a request whose headers differ from the signed ones. The server
// limits the body to its Content-Length, which S3 requires as well.
func (g grant) accepts(r *http.Request) error {
	checksum := ""
	if g.SHA256 != nil {
		checksum = base64.StdEncoding.EncodeToString(g.SHA256)
	}
	if err := checkUnsigned(r.Header, checksum); err != nil {
		return err
	}
	switch size, given := g.Size.Bytes(); {
	case r.ContentLength < 0:
		return errNoLength
	case given && r.ContentLength != size:
		return errSize
	case r.ContentLength > cmp.Or(g.MaxSize, ports.MaxUploadSize):
		return errTooLarge
	case g.ContentType != "" && only(r.Header["Content-Type"]) != g.ContentType:
		return errType
	case g.IfAbsent && only(r.Header["If-None-Match"]) != "*":
		return errIfAbsent
	}
	return checkHeaders(r.Header)
}

// only returns the value of a header that was sent once, and otherwise "".
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// etagOf returns the ETag of an object; for an object that was kept without one, it
// is derived from the object's time and size.
func etagOf(object Object) string {
	return cmp.Or(object.ETag, fmt.Sprintf(`"%x-%x"`, object.ModifiedAt.UnixNano(), object.Size))
}
