package signedurl_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is the signer's clock, which is moved by hand.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// site is a signer with a store behind its handler.
type site struct {
	signer *signedurl.Signer
	clock  *clock
	store  *store
	http.Handler
}

func newSite(t *testing.T, base string) *site {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{noon}
	signer := signedurl.New([]byte(strings.Repeat("s", 32)), u, c.now)
	kept := &store{clock: c, objects: map[domain.ObjectKey]stored{}}
	return &site{signer, c, kept, signer.Handler(kept)}
}

// send answers a request with the signed one's headers, as changed by change.
func (s *site) send(signed ports.SignedRequest, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(signed.Method, signed.URL.Reveal(), strings.NewReader(body))
	for name, value := range signed.Headers {
		if name != "Content-Length" {
			r.Header.Set(name, value)
		}
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// store is the smallest [signedurl.Store].
type store struct {
	clock   *clock
	mu      sync.Mutex
	objects map[domain.ObjectKey]stored
	broken  error // the result of every call, if it is not nil
}

type stored struct {
	content []byte
	signedurl.Object
}

func (s *store) Put(_ context.Context, key domain.ObjectKey, upload *signedurl.Upload) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, found := s.objects[key]
	if err := upload.Condition.Check(found, now.Object); err != nil {
		return err
	}
	content, err := io.ReadAll(upload.Body)
	if s.broken != nil {
		err = s.broken
	}
	if err != nil {
		return err
	}
	s.objects[key] = stored{content, signedurl.Object{
		ObjectInfo: ports.ObjectInfo{Size: int64(len(content)), ContentType: upload.ContentType, ModifiedAt: s.clock.now()},
		ETag:       upload.ETag(), Headers: upload.Headers,
	}}
	return nil
}

func (s *store) Open(_ context.Context, key domain.ObjectKey) (io.ReadSeekCloser, signedurl.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	object, found := s.objects[key]
	if s.broken != nil {
		return nil, signedurl.Object{}, s.broken
	}
	if !found {
		return nil, signedurl.Object{}, &domain.Error{Kind: domain.NotFound}
	}
	return reader{bytes.NewReader(object.content)}, object.Object, nil
}

// content returns the content under key, and "" if there is none.
func (s *store) content(key domain.ObjectKey) string { return string(s.objects[key].content) }

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func keyOf(t testing.TB, s string) domain.ObjectKey {
	t.Helper()
	key, err := domain.ParseObjectKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
