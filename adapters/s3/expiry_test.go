package s3_test

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// provider is a source of credentials that expire.
type provider struct {
	left  time.Duration // 0: they do not expire
	err   error
	asked atomic.Int32
}

func (p *provider) Retrieve(context.Context) (aws.Credentials, error) {
	p.asked.Add(1)
	creds := aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "session token"}
	if p.left != 0 {
		creds.CanExpire, creds.Expires = true, time.Now().Add(p.left)
	}
	return creds, p.err
}

func storeWith(t *testing.T, p *provider) *s3.Store {
	cfg := configAt("127.0.0.1:1")
	cfg.AWS.Credentials = p
	return newStore(t, cfg)
}

func TestLife(t *testing.T) {
	for _, test := range []struct {
		name             string
		ttl, credentials time.Duration
		atLeast, atMost  time.Duration
	}{
		{"its time to live", 10 * time.Minute, 0, 10*time.Minute - time.Second, 10 * time.Minute},
		{"15 minutes at most", time.Hour, 0, 15*time.Minute - time.Second, 15 * time.Minute},
		{"as long as credentials that end in 3 minutes", 15 * time.Minute, 3 * time.Minute, 3*time.Minute - 2*time.Second, 3 * time.Minute},
		{"its time to live under credentials that live longer", time.Minute, time.Hour, time.Minute - time.Second, time.Minute},
	} {
		t.Run("a URL lives for "+test.name, func(t *testing.T) {
			store, key := storeWith(t, &provider{left: test.credentials}), keyOf(t, "acme/a.txt")
			before := time.Now()
			up, err := store.SignUpload(t.Context(), key, ports.Upload{TTL: test.ttl})
			if err != nil {
				t.Fatal(err)
			}
			down, err := store.SignDownload(t.Context(), key, ports.Download{TTL: test.ttl})
			if err != nil {
				t.Fatal(err)
			}
			after := time.Now()
			for _, signed := range []ports.SignedRequest{up, down} {
				ends := endOf(t, signed)
				if !ends.Equal(signed.ExpiresAt) {
					t.Errorf("S3's expiry is %v, the caller's %v", ends, signed.ExpiresAt)
				}
				if ends.Before(before.Add(test.atLeast-time.Second)) || ends.After(after.Add(test.atMost)) {
					t.Errorf("it ends after %v", ends.Sub(before))
				}
			}
		})
	}
}

// endOf returns the time from which S3 refuses the request.
func endOf(t *testing.T, signed ports.SignedRequest) time.Time {
	t.Helper()
	u, err := url.Parse(signed.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	date, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	life, err := time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
	if err != nil {
		t.Fatal(err)
	}
	return date.Add(life)
}

func TestCredentials(t *testing.T) {
	key, upload := keyOf(t, "acme/a.txt"), ports.Upload{TTL: time.Minute}

	t.Run("credentials that are about to end sign nothing", func(t *testing.T) {
		_, err := storeWith(t, &provider{left: 5 * time.Second}).SignUpload(t.Context(), key, upload)
		if e, ok := errors.AsType[*domain.Error](err); !ok || !errors.Is(e, domain.CodeObjectStoreUnavailable) || e.RetryAfter <= 0 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("without credentials the store is unavailable", func(t *testing.T) {
		_, err := storeWith(t, &provider{err: errors.New("no metadata service")}).SignUpload(t.Context(), key, upload)
		if !errors.Is(err, domain.CodeObjectStoreUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("credentials are asked for once while they last", func(t *testing.T) {
		p := &provider{left: time.Hour}
		store := storeWith(t, p)
		for range 10 {
			if _, err := store.SignUpload(t.Context(), key, upload); err != nil {
				t.Fatal(err)
			}
		}
		if asked := p.asked.Load(); asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
	t.Run("a store without any is not created", func(t *testing.T) {
		cfg := configAt("127.0.0.1:1")
		cfg.AWS.Credentials = nil
		if _, err := s3.New(cfg); err == nil {
			t.Error("it was made")
		}
	})
}
