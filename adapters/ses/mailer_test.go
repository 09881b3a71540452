package ses_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/partywall-go/partywall/adapters/ses"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// script is a server that implements the part of SES's API that the mailer uses, because
// there is no emulator.
type script struct {
	server    *httptest.Server
	status    int
	exception string
	raw       string // the body, in place of a valid one

	mu    sync.Mutex
	paths []string
	sign  string // the last Authorization header
	body  map[string]any
}

func newScript(t *testing.T, status int, exception, raw string) *script {
	t.Helper()
	s := &script{status: status, exception: exception, raw: raw}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths = append(s.paths, r.Method+" "+r.URL.Path)
	s.sign = r.Header.Get("Authorization")
	s.body = nil
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &s.body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if s.exception != "" {
		w.Header().Set("X-Amzn-ErrorType", s.exception)
	}
	w.WriteHeader(s.status)
	if s.raw != "" {
		io.WriteString(w, s.raw)
		return
	}
	io.WriteString(w, `{"MessageId":"1","message":"SES's own words"}`)
}

// tries returns how often a mail reached the server.
func (s *script) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.paths)
}

// part returns an alternative of the last mail, Text or Html.
func (s *script) part(alternative string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := any(s.body)
	for _, name := range []string{"Content", "Simple", "Body", alternative, "Data"} {
		fields, _ := text.(map[string]any)
		text = fields[name]
	}
	data, _ := text.(string)
	return data
}

func mailerAt(t *testing.T, endpoint string) *ses.Mailer {
	t.Helper()
	return ses.New(ses.Config{
		Sender: address(t, "noreply@example.com"),
		AWS: aws.Config{
			Region:           "eu-west-1",
			BaseEndpoint:     &endpoint,
			Credentials:      credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
			RetryMaxAttempts: 9, // as AWS_MAX_ATTEMPTS would set it
		},
		Timeout: 5 * time.Second,
	})
}

func address(t *testing.T, s string) domain.Email {
	t.Helper()
	email, err := domain.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

func mail(t *testing.T) ports.Mail {
	t.Helper()
	return ports.Mail{To: address(t, "Ada@example.com"), Subject: "Grüße", Text: "Your code: 12345678\n", HTML: "<p>Your code: 12345678", Secret: domain.NewSecret("12345678")}
}

func TestMailer(t *testing.T) {
	s := newScript(t, http.StatusOK, "", "")
	mailer := mailerAt(t, s.server.URL)
	porttest.Mailer(t, func(*testing.T) porttest.Mailbox {
		return porttest.Mailbox{
			Mailer:   mailer,
			Last:     func(*testing.T) string { return s.part("Text") },
			LastHTML: func(*testing.T) string { return s.part("Html") },
		}
	})
}

func TestAnAddressIsSentWithItsDomainInASCII(t *testing.T) {
	s := newScript(t, http.StatusOK, "", "")
	m := mail(t)
	m.To = address(t, "Ada@München.example")
	mailer := ses.New(ses.Config{
		Sender: address(t, "noreply@bücher.example"),
		AWS:    aws.Config{Region: "eu-west-1", BaseEndpoint: &s.server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")},
	})
	if err := mailer.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	to, _ := s.body["Destination"].(map[string]any)
	if want := []any{"Ada@xn--mnchen-3ya.example"}; !reflect.DeepEqual(to["ToAddresses"], want) || s.body["FromEmailAddress"] != "noreply@xn--bcher-kva.example" {
		t.Errorf("sent to %v from %v", to["ToAddresses"], s.body["FromEmailAddress"])
	}
}

func TestAMailIsSignedAndWhole(t *testing.T) {
	s := newScript(t, http.StatusOK, "", "")
	if err := mailerAt(t, s.server.URL).Send(t.Context(), mail(t)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"POST /v2/email/outbound-emails"}; !reflect.DeepEqual(s.paths, want) {
		t.Errorf("sent %q, want %q", s.paths, want)
	}
	if !strings.HasPrefix(s.sign, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") || !strings.Contains(s.sign, "/eu-west-1/ses/aws4_request") {
		t.Errorf("Authorization is %.90q", s.sign)
	}
	content := func(data string) map[string]any { return map[string]any{"Data": data, "Charset": "UTF-8"} }
	want := map[string]any{
		"FromEmailAddress": "noreply@example.com",
		"Destination":      map[string]any{"ToAddresses": []any{"Ada@example.com"}},
		"Content": map[string]any{"Simple": map[string]any{
			"Subject": content("Grüße"),
			"Body":    map[string]any{"Text": content("Your code: 12345678\n"), "Html": content("<p>Your code: 12345678")},
		}},
	}
	if !reflect.DeepEqual(s.body, want) {
		t.Errorf("sent %v, want %v", s.body, want)
	}
}

func TestAMalformedMailIsNeverSent(t *testing.T) {
	s := newScript(t, http.StatusOK, "", "")
	bad := mail(t)
	bad.Subject = "a\r\nBcc: eve@example.com"
	if err := mailerAt(t, s.server.URL).Send(t.Context(), bad); !errors.Is(err, domain.Invalid) || s.tries() != 0 {
		t.Errorf("%v, and SES was asked %d times", err, s.tries())
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		status    int
		exception string
		raw       string
		kind      domain.Kind
		tries     int
	}{
		{http.StatusBadRequest, "BadRequestException", "", domain.Invalid, 1},
		{http.StatusBadRequest, "MessageRejected", "", domain.Internal, 1},
		{http.StatusBadRequest, "MailFromDomainNotVerifiedException", "", domain.Internal, 1},
		{http.StatusBadRequest, "AccountSuspendedException", "", domain.Internal, 1},
		{http.StatusBadRequest, "SendingPausedException", "", domain.Internal, 1},
		{http.StatusNotFound, "NotFoundException", "", domain.Internal, 1},
		{http.StatusForbidden, "AccessDeniedException", "", domain.Internal, 1},
		{http.StatusForbidden, "InvalidClientTokenId", "", domain.Internal, 1},
		{http.StatusTooManyRequests, "TooManyRequestsException", "", domain.Unavailable, 3},
		{http.StatusBadRequest, "LimitExceededException", "", domain.Unavailable, 3},
		{http.StatusBadRequest, "ThrottlingException", "", domain.Unavailable, 3},
		{http.StatusInternalServerError, "InternalFailure", "", domain.Unavailable, 3},
		{http.StatusServiceUnavailable, "", "<html>busy", domain.Unavailable, 3},
		{http.StatusNotFound, "", "<html>no such page", domain.Unavailable, 1},
		{http.StatusOK, "", "<html>hello", domain.Unavailable, 1},
	} {
		t.Run(tc.exception+" "+http.StatusText(tc.status), func(t *testing.T) {
			t.Parallel()
			s := newScript(t, tc.status, tc.exception, tc.raw)
			err := mailerAt(t, s.server.URL).Send(t.Context(), mail(t))
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || e.Kind != tc.kind || e.Message == "" || strings.Contains(e.Message, "SES's own words") {
				t.Fatalf("got %v, want %v", err, tc.kind)
			}
			if (e.RetryAfter > 0) != (tc.kind == domain.Unavailable) {
				t.Errorf("RetryAfter is %v", e.RetryAfter)
			}
			if strings.Contains(err.Error(), "12345678") {
				t.Errorf("it contains the secret: %v", err)
			}
			if s.tries() != tc.tries {
				t.Errorf("tried %d times, want %d", s.tries(), tc.tries)
			}
		})
	}
}

func TestAnUnavailableServer(t *testing.T) {
	t.Run("and refuses connections is unavailable", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if err := mailerAt(t, "http://"+l.Addr().String()).Send(t.Context(), mail(t)); !errors.Is(err, domain.Unavailable) {
			t.Error(err)
		}
	})

	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // a server notices a disconnect only after it has read the body
		<-r.Context().Done()
	}))
	t.Cleanup(hanging.Close)
	t.Run("and never answers is unavailable after the timeout", func(t *testing.T) {
		mailer := ses.New(ses.Config{
			Sender:  address(t, "noreply@example.com"),
			AWS:     aws.Config{Region: "eu-west-1", BaseEndpoint: &hanging.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")},
			Timeout: 200 * time.Millisecond,
		})
		began := time.Now()
		if err := mailer.Send(t.Context(), mail(t)); !errors.Is(err, domain.Unavailable) || time.Since(began) > 30*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
	t.Run("while the caller disconnects returns the context's error", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := mailerAt(t, hanging.URL).Send(ctx, mail(t)); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, domain.Unavailable) {
			t.Error(err)
		}
	})
}
