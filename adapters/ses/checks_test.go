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
	"github.com/partywall-go/partywall/ports/doctor"
)

const (
	goodAccount  = `{"SendingEnabled":true,"ProductionAccessEnabled":true,"EnforcementStatus":"HEALTHY"}`
	goodIdentity = `{"VerifiedForSendingStatus":true,"DkimAttributes":{"Status":"SUCCESS"}}`
)

// runChecks runs the checks against a server with these answers by request: JSON, or the
// name of an error. All other requests get 404.
func runChecks(t *testing.T, answers map[string]string) map[string]doctor.Finding {
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
	findings := map[string]doctor.Finding{}
	for _, f := range ses.RunChecks(t.Context(), ses.Config{Sender: address(t, "noreply@example.com"), AWS: aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}}) {
		if (f.Severity == doctor.OK) != (f.Fix == "") || f.Summary == "" || strings.Contains(f.Summary+f.Fix, "\n") {
			t.Errorf("want a finding with a problem and a fix, in one line, got %+v", f)
		}
		findings[f.Check] = f
	}
	if len(findings) != len(ses.Checks()) {
		t.Errorf("of %d checks, %d were made", len(ses.Checks()), len(findings))
	}
	return findings
}

func TestChecks(t *testing.T) {
	const domain, sender = "identities/example.com", "identities/noreply@example.com"
	for name, c := range map[string]struct {
		answers  map[string]string
		check    string
		severity doctor.Severity
		says     string
	}{
		"a verified address":                      {map[string]string{sender: goodIdentity}, "mail-sender", doctor.OK, ""},
		"a verified domain":                       {map[string]string{domain: goodIdentity}, "mail-sender", doctor.OK, ""},
		"an unknown sender":                       {nil, "mail-sender", doctor.Error, "create-email-identity --email-identity example.com"},
		"a sender that is not verified":           {map[string]string{domain: `{"VerifiedForSendingStatus":false}`}, "mail-sender", doctor.Error, "is not verified"},
		"a sender without DKIM":                   {map[string]string{sender: `{"VerifiedForSendingStatus":true,"DkimAttributes":{"Status":"NOT_STARTED"}}`}, "mail-sender", doctor.Warning, "DKIM"},
		"no right to read":                        {map[string]string{sender: "AccessDeniedException"}, "mail-sender", doctor.Warning, "allow ses:GetEmailIdentity"},
		"a key that AWS refuses":                  {map[string]string{sender: "UnrecognizedClientException"}, "mail-sender", doctor.Error, "AWS_ACCESS_KEY_ID"},
		"credentials that have expired":           {map[string]string{sender: "ExpiredTokenException"}, "mail-sender", doctor.Error, "have expired"},
		"a server that breaks down":               {map[string]string{sender: "InternalFailure"}, "mail-sender", doctor.Error, "cannot read the setting"},
		"an account in the sandbox":               {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":true}`}, "mail-account", doctor.Warning, "sandbox"},
		"an account that is paused":               {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":false,"ProductionAccessEnabled":true}`}, "mail-account", doctor.Error, "sends nothing"},
		"an account under review":                 {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":true,"ProductionAccessEnabled":true,"EnforcementStatus":"PROBATION"}`}, "mail-account", doctor.Warning, "under review"},
		"an account without the right to read it": {map[string]string{domain: goodIdentity, "account": "AccessDeniedException"}, "mail-account", doctor.Warning, "allow ses:GetAccount"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{"account": goodAccount}
			maps.Copy(answers, c.answers)
			findings := runChecks(t, answers)
			if got := findings[c.check]; got.Severity != c.severity || !strings.Contains(got.Summary+" / "+got.Fix, c.says) {
				t.Errorf("want %s %q of %s, got %+v", c.severity, c.says, c.check, got)
			}
			for name, f := range findings {
				if name != c.check && f.Severity != doctor.OK {
					t.Errorf("it also finds %+v", f)
				}
			}
		})
	}
}
