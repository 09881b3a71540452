package s3_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/doctor"
)

// front is a proxy in front of the store, at the address that clients use.
func front(t *testing.T, store string, keepsHost bool) *url.URL {
	t.Helper()
	to := domain.Must(url.Parse(store))
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host
		r.SetURL(to)
		if keepsHost {
			r.Out.Host = host
		}
	}})
	t.Cleanup(server.Close)
	return domain.Must(url.Parse(server.URL))
}

func TestAStoreThatClientsReachElsewhere(t *testing.T) {
	s := server.Get(t)
	cfg := configOf(s)
	cfg.PublicEndpoint = front(t, s.Endpoint, true)
	t.Run("moves files there, and asks at its own", func(t *testing.T) {
		store, key := newStore(t, cfg), keyOf(t, "acme/public.txt")
		up, err := store.SignUpload(t.Context(), key, ports.Upload{Size: sized(5), TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		down, err := store.SignDownload(t.Context(), key, ports.Download{TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		for _, signed := range []ports.SignedRequest{up, down} {
			if !strings.HasPrefix(signed.URL.Reveal(), cfg.PublicEndpoint.String()) {
				t.Errorf("a URL leads to %s", signed.URL.Reveal())
			}
			request, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL.Reveal(), strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s answers %d", signed.Method, response.StatusCode)
			}
		}
		cfg := cfg
		cfg.PublicEndpoint = domain.Must(url.Parse("http://nowhere.invalid"))
		if info, err := newStore(t, cfg).Stat(t.Context(), key); err != nil || info.Size != 5 {
			t.Errorf("Stat: %+v, %v", info, err)
		}
	})
	t.Run("signs for their address", func(t *testing.T) {
		for endpoint, want := range map[string]string{
			"https://files.example.com":            "https://files.example.com/partywall/acme/a.txt?",
			"https://files.example.com:443/store/": "https://files.example.com/store/partywall/acme/a.txt?",
		} {
			cfg.PublicEndpoint = domain.Must(url.Parse(endpoint))
			signed, err := newStore(t, cfg).SignDownload(t.Context(), keyOf(t, "acme/a.txt"), ports.Download{TTL: time.Minute})
			if err != nil || !strings.HasPrefix(signed.URL.Reveal(), want) {
				t.Errorf("%s: %v, %v", endpoint, signed.URL.Reveal(), err)
			}
		}
	})
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		at       *url.URL
		severity doctor.Severity
		says     string
	}{
		"no other address":                  {nil, doctor.OK, "where this process does"},
		"an address that understands":       {front(t, s.Endpoint, true), doctor.OK, "are understood there"},
		"a proxy that changes the host":     {front(t, s.Endpoint, false), doctor.Error, "leave the Host header"},
		"an address that cannot be reached": {domain.Must(url.Parse(gone.URL)), doctor.Warning, "cannot be reached from this machine"},
	} {
		t.Run("doctor checks "+name, func(t *testing.T) {
			cfg.PublicEndpoint = c.at
			if f := runChecks(t, cfg, nil)["bucket-public-endpoint"]; f.Severity != c.severity || !strings.Contains(f.Summary+f.Fix, c.says) {
				t.Errorf("got %+v", f)
			}
		})
	}
	t.Run("doctor warns of an address that is in the open", func(t *testing.T) {
		cfg.AWS.HTTPClient = leadsTo(front(t, s.Endpoint, true).Host, "files.example.com:80")
		cfg.PublicEndpoint = domain.Must(url.Parse("http://files.example.com"))
		f := runChecks(t, cfg, nil)["bucket-public-endpoint"]
		if f.Severity != doctor.Warning || !strings.Contains(f.Fix, "serve it by https") {
			t.Errorf("got %+v", f)
		}
	})
}

// leadsTo returns a client that connects to address for the host name.
func leadsTo(address, name string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == name {
			to = address
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}}}
}
