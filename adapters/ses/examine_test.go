package ses_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/partywall-go/partywall/adapters/ses"
	"github.com/partywall-go/partywall/ports"
)

const (
	goodAccount  = `{"SendingEnabled":true,"ProductionAccessEnabled":true,"EnforcementStatus":"HEALTHY"}`
	goodIdentity = `{"VerifiedForSendingStatus":true,"DkimAttributes":{"Status":"SUCCESS"}}`
)

// examine has SES answer, by what is asked for: the status is 200, or what the
// answer begins with.
func examine(t *testing.T, answers map[string]string) map[string]ports.Finding {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[strings.TrimPrefix(r.URL.Path, "/v2/email/")]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case answer == "":
			w.Header().Set("X-Amzn-ErrorType", "NotFoundException")
			w.WriteHeader(http.StatusNotFound)
		case !strings.HasPrefix(answer, "{"):
			w.Header().Set("X-Amzn-ErrorType", answer)
			w.WriteHeader(http.StatusForbidden)
			answer = "{}"
		}
		io.WriteString(w, answer)
	}))
	defer server.Close()
	findings := map[string]ports.Finding{}
	for _, f := range ses.Examine(t.Context(), ses.Config{Sender: address(t, "noreply@example.com"), AWS: aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}}) {
		if (f.Severity == ports.SeverityOK) != (f.Mend == "") || f.What == "" || strings.Contains(f.What+f.Mend, "\n") {
			t.Errorf("a finding says what is wrong, and how to mend it, in a line: %+v", f)
		}
		findings[f.Check] = f
	}
	if len(findings) != len(ses.Checks()) {
		t.Errorf("of %d checks, %d were made", len(ses.Checks()), len(findings))
	}
	return findings
}

func TestExamine(t *testing.T) {
	const domain, sender = "identities/example.com", "identities/noreply@example.com"
	for name, c := range map[string]struct {
		answers  map[string]string
		check    string
		severity ports.Severity
		says     string
	}{
		"a verified address":            {map[string]string{sender: goodIdentity}, "mail-sender", ports.SeverityOK, ""},
		"a verified domain":             {map[string]string{domain: goodIdentity}, "mail-sender", ports.SeverityOK, ""},
		"a sender that nobody knows":    {nil, "mail-sender", ports.SeverityError, "create-email-identity --email-identity example.com"},
		"a sender that isn't verified":  {map[string]string{domain: `{"VerifiedForSendingStatus":false}`}, "mail-sender", ports.SeverityError, "isn't verified"},
		"a sender without DKIM":         {map[string]string{sender: `{"VerifiedForSendingStatus":true,"DkimAttributes":{"Status":"NOT_STARTED"}}`}, "mail-sender", ports.SeverityWarning, "DKIM"},
		"no right to look":              {map[string]string{sender: "AccessDeniedException"}, "mail-sender", ports.SeverityWarning, "allow ses:GetEmailIdentity"},
		"a key that AWS doesn't know":   {map[string]string{sender: "UnrecognizedClientException"}, "mail-sender", ports.SeverityError, "AWS_ACCESS_KEY_ID"},
		"credentials that have expired": {map[string]string{sender: "ExpiredTokenException"}, "mail-sender", ports.SeverityError, "have expired"},
		"a server that breaks down":     {map[string]string{sender: "InternalFailure"}, "mail-sender", ports.SeverityError, "can't be looked at"},
		"an account in the sandbox":     {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":true}`}, "mail-account", ports.SeverityWarning, "sandbox"},
		"an account that is paused":     {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":false,"ProductionAccessEnabled":true}`}, "mail-account", ports.SeverityError, "sends nothing"},
		"an account under review":       {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":true,"ProductionAccessEnabled":true,"EnforcementStatus":"PROBATION"}`}, "mail-account", ports.SeverityWarning, "under review"},
		"an account nobody may see":     {map[string]string{domain: goodIdentity, "account": "AccessDeniedException"}, "mail-account", ports.SeverityWarning, "allow ses:GetAccount"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{"account": goodAccount}
			maps.Copy(answers, c.answers)
			findings := examine(t, answers)
			if got := findings[c.check]; got.Severity != c.severity || !strings.Contains(got.What+" / "+got.Mend, c.says) {
				t.Errorf("want %s %q of %s, got %+v", c.severity, c.says, c.check, got)
			}
			for name, f := range findings {
				if name != c.check && f.Severity != ports.SeverityOK {
					t.Errorf("it also finds %+v", f)
				}
			}
		})
	}
}
