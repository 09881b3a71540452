package ses_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/ses"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// script speaks as much of SES as there is to say: there is no emulator.
type script struct {
	status int
	answer string
	calls  int
	header http.Header
	body   map[string]any
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls++
	s.header = r.Header
	raw, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(raw, &s.body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", strings.TrimSuffix(s.answer, "!"))
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, `{"MessageId":"1","message":"no"}`)
}

func open(t *testing.T, s *script) *ses.Mailer {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return ses.New(ses.Config{
		Sender: address(t, "noreply@example.com"),
		AWS: aws.Config{
			Region:       "eu-west-1",
			BaseEndpoint: &server.URL,
			Credentials:  aws.CredentialsProviderFunc(credentials),
			Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		},
		Timeout: 2 * time.Second,
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

func TestAMailIsSignedAndWhole(t *testing.T) {
	s := &script{status: http.StatusOK}
	mail := ports.Mail{To: address(t, "ada@example.com"), Subject: "Grüße", Text: "Your code:\n", Secret: domain.NewSecret("12345678")}
	if err := open(t, s).Send(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		t.Errorf("Authorization is %.20q", s.header.Get("Authorization"))
	}
	sent, err := json.Marshal(s.body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"FromEmailAddress":"noreply@example.com"`, `"ToAddresses":["ada@example.com"]`, `"Data":"Grüße"`, `Your code:\n\n12345678\n`, `"Charset":"UTF-8"`} {
		if !strings.Contains(string(sent), want) {
			t.Errorf("the mail has no %s: %s", want, sent)
		}
	}
}

func TestASubjectOfTwoLinesIsNeverSent(t *testing.T) {
	s := &script{status: http.StatusOK}
	mailer := open(t, s)
	for _, subject := range []string{"a\r\nBcc: eve@example.com", "a\nb", "a\x00", "\xff"} {
		if err := mailer.Send(t.Context(), ports.Mail{To: address(t, "ada@example.com"), Subject: subject}); !errors.Is(err, domain.Invalid) {
			t.Errorf("subject %q: %v", subject, err)
		}
	}
	if err := mailer.Send(t.Context(), ports.Mail{Subject: "to nobody"}); !errors.Is(err, domain.Invalid) {
		t.Errorf("to nobody: %v", err)
	}
	if s.calls != 0 {
		t.Errorf("SES was asked %d times", s.calls)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		answer string
		kind   domain.Kind
	}{
		{http.StatusTooManyRequests, "TooManyRequestsException", domain.Limited},
		{http.StatusBadRequest, "LimitExceededException", domain.Limited},
		{http.StatusBadRequest, "MailFromDomainNotVerifiedException", domain.Internal},
		{http.StatusForbidden, "AccessDeniedException", domain.Internal},
		{http.StatusInternalServerError, "InternalFailure", domain.Unavailable},
	} {
		err := open(t, &script{status: c.status, answer: c.answer}).Send(t.Context(), ports.Mail{To: address(t, "ada@example.com"), Subject: "s", Text: "t"})
		if domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v is %v, want %v", c.answer, err, domain.KindOf(err), c.kind)
		}
	}
}

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
}
