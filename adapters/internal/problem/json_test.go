package problem_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/problem"
)

func TestWriteJSON(t *testing.T) {
	t.Run("sends a value of any length with its length, and does not escape an &", func(t *testing.T) {
		for _, text := range []string{"", "a&b", strings.Repeat("<long>&", 100_000)} {
			w := httptest.NewRecorder()
			if err := problem.WriteJSON(w, 201, "application/json", map[string]string{"text": text}); err != nil {
				t.Fatal(err)
			}
			header, want := w.Result().Header, `{"text":"`+text+"\"}\n"
			if w.Code != 201 || w.Body.String() != want || header.Get("Content-Length") != strconv.Itoa(len(want)) || header.Get("Content-Type") != "application/json" {
				t.Errorf("got %d %v %.80s", w.Code, header, w.Body)
			}
		}
	})
	t.Run("sends nothing if the value cannot be encoded", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := problem.WriteJSON(w, 200, "application/json", map[string]any{"first": "text", "second": func() {}})
		if err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("got %v, %v %s", err, w.Header(), w.Body)
		}
	})
}
