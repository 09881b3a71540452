package ses

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/ports/doctor"
)

// checker is one look at an account and a sender.
type checker struct {
	sender string
	region string
	client *sesv2.Client
}

func (e *checker) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "mail-account", About: "SES sends for this account, and to everybody", Run: e.account},
		{Name: "mail-sender", About: "`EMAIL_SENDER`, or its domain, is a verified identity with DKIM", Run: e.identity},
	}
}

// Checks describes what [RunChecks] looks at.
func Checks() []doctor.Info { return doctor.Describe((&checker{}).checks()) }

// RunChecks looks for the mistakes that a sender and its account may have, and
// sends nothing. It needs ses:GetAccount and ses:GetEmailIdentity.
func RunChecks(ctx context.Context, cfg Config) []doctor.Finding {
	e := &checker{sender: cfg.Sender.ASCII(), region: cfg.AWS.Region}
	e.client = sesv2.NewFromConfig(awscalls.Recognizable(cfg.AWS), func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} })
	return doctor.Run(ctx, e.checks())
}

func (e *checker) account(ctx context.Context) (doctor.Finding, error) {
	out, err := e.client.GetAccount(ctx, &sesv2.GetAccountInput{})
	switch {
	case err != nil:
		return e.unseen(err, "ses:GetAccount"), nil
	case !out.SendingEnabled:
		return doctor.Fail("SES sends nothing for this account", "see why in the SES console, under account dashboard; then: aws sesv2 put-account-sending-attributes --sending-enabled"), nil
	case !out.ProductionAccessEnabled:
		return doctor.Warn("the account is in the sandbox: SES sends to verified addresses only", "ask for production access: aws sesv2 put-account-details --production-access-enabled, with what that needs"), nil
	case aws.ToString(out.EnforcementStatus) == "PROBATION":
		return doctor.Warn("SES has put the account under review, and may end its sending", "see the reputation metrics in the SES console"), nil
	}
	return doctor.Pass("SES sends, to everybody"), nil
}

// identity looks for the address, then for its domain: either will do.
func (e *checker) identity(ctx context.Context) (doctor.Finding, error) {
	_, host, _ := strings.Cut(e.sender, "@")
	var out *sesv2.GetEmailIdentityOutput
	var err error
	for _, name := range []string{e.sender, host} {
		out, err = e.client.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &name})
		if _, status, _ := awscalls.Response(err); status != http.StatusNotFound {
			break
		}
	}
	_, status, _ := awscalls.Response(err)
	switch {
	case status == http.StatusNotFound:
		return doctor.Fail("SES doesn't know "+e.sender+" in "+e.region, "aws sesv2 create-email-identity --email-identity "+host+", and publish the records that it answers with"), nil
	case err != nil:
		return e.unseen(err, "ses:GetEmailIdentity"), nil
	case !out.VerifiedForSendingStatus:
		return doctor.Fail(e.sender+" isn't verified yet", "publish the DKIM records, or follow the link that was mailed: aws sesv2 get-email-identity --email-identity "+host), nil
	case out.DkimAttributes == nil || out.DkimAttributes.Status != types.DkimStatusSuccess:
		return doctor.Warn("mail of "+e.sender+" isn't signed with DKIM, and is likely to be taken for spam", "aws sesv2 create-email-identity --email-identity "+host+", and publish the records that it answers with"), nil
	}
	return doctor.Pass(e.sender + " is verified"), nil
}

func (e *checker) unseen(err error, action string) doctor.Finding {
	if what, fix, ok := awscalls.CredentialTrouble(err); ok {
		return doctor.Fail(what, fix)
	}
	if awscalls.Denied(err) {
		return doctor.Warn("it may not be looked at", "allow "+action+" to the credentials of this machine")
	}
	return doctor.Fail("it can't be looked at: "+awscalls.OneLine(err), "check AWS_REGION and the way out of this machine: NAT gateway, or VPC endpoint com.amazonaws."+e.region+".email")
}
