package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
)

func TestTheDescriptionOfTheAPINamesPublicURL(t *testing.T) {
	t.Parallel()
	acme := apptest.OpenMemory(t, &app.Config{PublicURL: &url.URL{Scheme: "https", Host: "shop.example", Path: "/pw"}})
	answer := httptest.NewRecorder()
	acme.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/openapi.json", nil))
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"https://shop.example/pw"`) {
		t.Errorf("got %d %.300s", answer.Code, answer.Body)
	}
}

func TestTheDocumentationIsHiddenOnDemand(t *testing.T) {
	t.Parallel()
	acme := apptest.OpenMemory(t, &app.Config{HideDocs: true})
	for _, path := range []string{"/openapi.json", "/docs"} {
		answer := httptest.NewRecorder()
		acme.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if answer.Code != http.StatusNotFound {
			t.Errorf("%s is %d", path, answer.Code)
		}
	}
}
