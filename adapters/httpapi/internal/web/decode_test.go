package web

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

func FuzzARequestsBody(f *testing.F) {
	for _, body := range []string{`{}`, `{"filename": "a", "size": 5, "responses": {"A": "1"}}`, `{"size": null}`, `{"filename": "\ud800"}`, `[`, `{"a":{"a":{"a":{"a":{"a":{}}}}}}`, ""} {
		f.Add("application/json", "", []byte(body))
	}
	f.Add("application/json; charset=utf-8", "identity", []byte(`{}`))
	f.Add("text/plain", "gzip", []byte(`{}`))
	e := echo.New()
	f.Fuzz(func(t *testing.T, contentType, encoding string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		if encoding != "" {
			r.Header["Content-Encoding"] = []string{encoding}
		}
		var into struct {
			Filename  string            `json:"filename"`
			Size      *int64            `json:"size"`
			Responses map[string]string `json:"responses"`
			IfAbsent  bool              `json:"ifAbsent"`
		}
		err := Decode(e.NewContext(r, httptest.NewRecorder()), &into)
		if err == nil {
			return
		}
		kind := domain.KindOf(err)
		if kind != domain.Invalid && kind != domain.TooLarge {
			t.Fatalf("%q gave %v", body, err)
		}
		if status := problem.StatusOf(refusal(t.Context(), err)); status < 400 || status > 499 {
			t.Fatalf("%q gave %d", body, status)
		}
	})
}
