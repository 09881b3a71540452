package ses

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/ports"
)

// examination is one look at an account and a sender.
type examination struct {
	sender string
	region string
	client *sesv2.Client
}

func (e *examination) checks() []ports.Check {
	return []ports.Check{
		{Name: "mail-account", About: "SES sends for this account, and to everybody", Look: e.account},
		{Name: "mail-sender", About: "`EMAIL_SENDER`, or its domain, is a verified identity with DKIM", Look: e.identity},
	}
}

// Checks describes what [Examine] looks at.
func Checks() []ports.CheckInfo { return ports.Describe((&examination{}).checks()) }

// Examine looks for the mistakes that a sender and its account may have, and
// sends nothing. It needs ses:GetAccount and ses:GetEmailIdentity.
func Examine(ctx context.Context, cfg Config) []ports.Finding {
	e := &examination{sender: cfg.Sender.ASCII(), region: cfg.AWS.Region}
	e.client = sesv2.NewFromConfig(awscalls.Recognizable(cfg.AWS), func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} })
	return ports.Examine(ctx, e.checks())
}

func (e *examination) account(ctx context.Context) (ports.Finding, error) {
	out, err := e.client.GetAccount(ctx, &sesv2.GetAccountInput{})
	switch {
	case err != nil:
		return e.unseen(err, "ses:GetAccount"), nil
	case !out.SendingEnabled:
		return ports.Fail("SES sends nothing for this account", "see why in the SES console, under account dashboard; then: aws sesv2 put-account-sending-attributes --sending-enabled"), nil
	case !out.ProductionAccessEnabled:
		return ports.Warn("the account is in the sandbox: SES sends to verified addresses only", "ask for production access: aws sesv2 put-account-details --production-access-enabled, with what that needs"), nil
	case aws.ToString(out.EnforcementStatus) == "PROBATION":
		return ports.Warn("SES has put the account under review, and may end its sending", "see the reputation metrics in the SES console"), nil
	}
	return ports.Fine("SES sends, to everybody"), nil
}

// identity looks for the address, then for its domain: either will do.
func (e *examination) identity(ctx context.Context) (ports.Finding, error) {
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
		return ports.Fail("SES doesn't know "+e.sender+" in "+e.region, "aws sesv2 create-email-identity --email-identity "+host+", and publish the records that it answers with"), nil
	case err != nil:
		return e.unseen(err, "ses:GetEmailIdentity"), nil
	case !out.VerifiedForSendingStatus:
		return ports.Fail(e.sender+" isn't verified yet", "publish the DKIM records, or follow the link that was mailed: aws sesv2 get-email-identity --email-identity "+host), nil
	case out.DkimAttributes == nil || out.DkimAttributes.Status != types.DkimStatusSuccess:
		return ports.Warn("mail of "+e.sender+" isn't signed with DKIM, and is likely to be taken for spam", "aws sesv2 create-email-identity --email-identity "+host+", and publish the records that it answers with"), nil
	}
	return ports.Fine(e.sender + " is verified"), nil
}

func (e *examination) unseen(err error, action string) ports.Finding {
	if what, mend, ok := awscalls.CredentialTrouble(err); ok {
		return ports.Fail(what, mend)
	}
	if awscalls.Denied(err) {
		return ports.Warn("it may not be looked at", "allow "+action+" to the credentials of this machine")
	}
	return ports.Fail("it can't be looked at: "+awscalls.OneLine(err), "check AWS_REGION and the way out of this machine: NAT gateway, or VPC endpoint com.amazonaws."+e.region+".email")
}
