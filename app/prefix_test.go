package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
)

func TestUnderAPrefixSignedURLsFindTheirWayBack(t *testing.T) {
	needPostgres(t)
	for name, open := range map[string]func(testing.TB, *app.Config) *apptest.Tenant{"on disk": apptest.Open, "in memory": apptest.OpenMemory} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			server := httptest.NewServer(mux)
			defer server.Close()
			base, err := url.Parse(server.URL + "/pw")
			if err != nil {
				t.Fatal(err)
			}
			acme := open(t, &app.Config{PublicURL: base})
			mux.Handle("/pw/", http.StripPrefix("/pw", acme.Handler()))

			const filename, content = "a b/ü%2F+.txt", "hello"
			up := ask(t, acme, http.MethodPost, base.JoinPath("files/upload-url"), `{"filename": "`+filename+`", "size": 5}`)
			put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, up["uploadUrl"].(string), strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if got := send(t, put); got != "" {
				t.Fatalf("the upload returned %s", got)
			}
			query := base.JoinPath("files/download-url")
			query.RawQuery = url.Values{"filename": {filename}}.Encode()
			down := ask(t, acme, http.MethodGet, query, "")
			get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, down["downloadUrl"].(string), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := send(t, get); got != content {
				t.Errorf("the file is %q", got)
			}
		})
	}
}

// ask sends a request as acme's owner, and decodes the answer.
func ask(t *testing.T, acme *apptest.Tenant, method string, u *url.URL, body string) (fields map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, u.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	acme.Owner.Authorize(r)
	if err := json.Unmarshal([]byte(send(t, r)), &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func send(t *testing.T, r *http.Request) (body string) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, res.Body); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL.Path, res.StatusCode, b.String())
	}
	return b.String()
}
