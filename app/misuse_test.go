package app_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
)

func TestServingNeedsAListenerAndAHandler(t *testing.T) {
	t.Parallel()
	pw := apptest.OpenMemory(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := pw.ServeHandler(t.Context(), nil, http.NotFoundHandler()); domain.KindOf(err) != domain.Internal {
		t.Errorf("without a listener: %v", err)
	}
	if err := pw.ServeHandler(t.Context(), listener, nil); domain.KindOf(err) != domain.Internal {
		t.Errorf("without a handler: %v", err)
	}
}

func TestAProblemOfATypedNilIsInternal(t *testing.T) {
	t.Parallel()
	pw := apptest.OpenMemory(t, nil)
	var none *domain.Error
	w := httptest.NewRecorder()
	pw.WriteProblem(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), none)
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"internal"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestARefusedRoundCursorIsQuotedInPart(t *testing.T) {
	t.Parallel()
	_, err := app.ParseRoundCursor(strings.Repeat("x", 1<<20))
	if domain.KindOf(err) != domain.Invalid || len(err.Error()) > 1000 {
		t.Errorf("an error of %d bytes: %.100v", len(err.Error()), err)
	}
}
