package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

// mailServer accepts mail as SES does, because no emulator of SES exists, and keeps it.
type mailServer struct {
	url string

	mu    sync.Mutex
	mails []sentMail
}

// sentMail is the part of a request of SES's SendEmail that the tests read.
type sentMail struct {
	Destination struct{ ToAddresses []string }
	Content     struct {
		Simple struct {
			Body struct{ Text struct{ Data string } }
		}
	}
}

func startMailServer(t *testing.T) *mailServer {
	t.Helper()
	s := &mailServer{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *mailServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var mail sentMail
	if err := json.NewDecoder(r.Body).Decode(&mail); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.mails = append(s.mails, mail)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"MessageId":"1"}`))
}

var tokenInMail = regexp.MustCompile(`[?&]token=([A-Za-z0-9_-]+)`)

// awaitToken returns the token of the invitation that was mailed to the address.
func (s *mailServer) awaitToken(t *testing.T, address string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if token := s.token(address); token != "" {
			return token
		}
	}
	t.Fatalf("no invitation was mailed to %s within a minute", address)
	return ""
}

// token returns the token in the last mail to the address, or "".
func (s *mailServer) token(address string) (token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, mail := range s.mails {
		if found := tokenInMail.FindStringSubmatch(mail.Content.Simple.Body.Text.Data); found != nil && slices.Contains(mail.Destination.ToAddresses, address) {
			token = found[1]
		}
	}
	return token
}
