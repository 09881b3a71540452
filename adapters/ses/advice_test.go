package ses_test

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/ports/doctor"
)

// command is a command of the AWS CLI in a fix.
var command = regexp.MustCompile(`aws sesv2 (\S+)(?: --email-identity ([^ ,;]+))?`)

// run does to an account what the AWS CLI does for a command, and what its advice has
// the operator do then: to publish records, or to follow a link.
func run(t *testing.T, answers map[string]string, subcommand, identity string) {
	t.Helper()
	name := "identities/" + identity
	switch _, exists := answers[name]; {
	case subcommand == "put-account-sending-attributes", subcommand == "put-account-details":
		answers["account"] = goodAccount
	case exists == (subcommand == "create-email-identity"):
		t.Fatalf("SES refuses %s of %s", subcommand, identity)
	case subcommand == "create-email-identity", subcommand == "get-email-identity", subcommand == "put-email-identity-dkim-signing-attributes":
		answers[name] = goodIdentity
	default:
		t.Fatalf("no test runs %s", subcommand)
	}
}

// TestTheAdviceAboutMail runs the command of each finding, and sees the finding gone.
func TestTheAdviceAboutMail(t *testing.T) {
	const domain, sender = "identities/example.com", "identities/noreply@example.com"
	const unverified, unsigned = `{"VerifiedForSendingStatus":false}`, `{"VerifiedForSendingStatus":true,"DkimAttributes":{"Status":"NOT_STARTED"}}`
	for name, c := range map[string]struct {
		answers map[string]string
		check   string
	}{
		"an unknown sender":            {nil, "mail-sender"},
		"a domain that isn't verified": {map[string]string{domain: unverified}, "mail-sender"},
		"an address that is unproven":  {map[string]string{sender: unverified}, "mail-sender"},
		"a domain without DKIM":        {map[string]string{domain: unsigned}, "mail-sender"},
		"an account in the sandbox":    {map[string]string{domain: goodIdentity, "account": `{"SendingEnabled":true}`}, "mail-account"},
		"an account that is paused":    {map[string]string{domain: goodIdentity, "account": `{"ProductionAccessEnabled":true}`}, "mail-account"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{"account": goodAccount}
			maps.Copy(answers, c.answers)
			f := runChecks(t, answers)[c.check]
			found := command.FindStringSubmatch(f.Fix)
			if f.Severity == doctor.OK || found == nil {
				t.Fatalf("no command is advised: %+v", f)
			}
			run(t, answers, found[1], found[2])
			for _, f := range runChecks(t, answers) {
				if f.Severity != doctor.OK {
					t.Errorf("after %s: %+v", found[0], f)
				}
			}
		})
	}
	t.Run("an address without DKIM is signed by its domain", func(t *testing.T) {
		f := runChecks(t, map[string]string{"account": goodAccount, sender: unsigned})["mail-sender"]
		if !strings.HasPrefix(f.Fix, "aws sesv2 create-email-identity --email-identity example.com,") {
			t.Errorf("got %+v", f)
		}
	})
}
