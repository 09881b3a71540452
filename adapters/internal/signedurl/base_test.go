package signedurl_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestABaseThatWasJoinedToNoPath(t *testing.T) {
	root := &url.URL{Scheme: "http", Host: "localhost:3000"}
	signer := signedurl.New(make([]byte, 32), root.JoinPath("local", "objects"), time.Now)
	key, err := domain.ParseObjectKey("acme/hello.txt")
	if err != nil {
		t.Fatal(err)
	}
	signed := signer.Download(key, ports.Download{TTL: time.Minute})
	if !strings.HasPrefix(signed.URL.Reveal(), "http://localhost:3000/local/objects/acme/hello.txt?") {
		t.Fatalf("the URL is %s", signed.URL.Reveal())
	}
	answer := httptest.NewRecorder()
	signer.Handler(emptyStore{}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, signed.URL.Reveal(), nil))
	if answer.Code != 404 {
		t.Errorf("an absent file is %d: %s", answer.Code, answer.Body)
	}
}

// emptyStore has no objects.
type emptyStore struct{}

func (emptyStore) Put(context.Context, domain.ObjectKey, *signedurl.Upload) error { return nil }

func (emptyStore) Open(context.Context, domain.ObjectKey) (io.ReadSeekCloser, signedurl.Object, error) {
	return nil, signedurl.Object{}, &domain.Error{Kind: domain.NotFound}
}
