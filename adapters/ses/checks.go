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

// checker is one run of the checks on an account and a sender.
type checker struct {
	sender string
	region string
	client *sesv2.Client
}

func (e *checker) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "mail-account", About: "SES sends for this account, to all addresses", Run: e.account},
		{Name: "mail-sender", About: "`EMAIL_SENDER`, or its domain, is a verified identity with DKIM", Run: e.identity},
	}
}

// Checks describes the checks of [RunChecks].
func Checks() []doctor.Info { return doctor.Describe((&checker{}).checks()) }

// RunChecks reports mistakes in the settings of a sender and its account. It sends
// nothing. It needs ses:GetAccount and ses:GetEmailIdentity.
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
		return doctor.Warn("the account is in the sandbox: SES sends to verified addresses only", "request production access: aws sesv2 put-account-details --production-access-enabled, with the required details"), nil
	case aws.ToString(out.EnforcementStatus) == "PROBATION":
		return doctor.Warn("SES has put the account under review, and may end its sending", "see the reputation metrics in the SES console"), nil
	}
	return doctor.Pass("SES sends to all addresses"), nil
}

// identity looks up the address, then its domain. Either identity suffices.
func (e *checker) identity(ctx context.Context) (doctor.Finding, error) {
	_, host, _ := strings.Cut(e.sender, "@")
	var out *sesv2.GetEmailIdentityOutput
	var err error
	var name string // of the identity that out describes
	for _, name = range []string{e.sender, host} {
		out, err = e.client.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &name})
		if _, status, _ := awscalls.Response(err); status != http.StatusNotFound {
			break
		}
	}
	create := "aws sesv2 create-email-identity --email-identity " + host + ", and publish the records that it returns"
	_, status, _ := awscalls.Response(err)
	switch {
	case status == http.StatusNotFound:
		return doctor.Fail("SES has no identity for "+e.sender+" in "+e.region, create), nil
	case err != nil:
		return e.unseen(err, "ses:GetEmailIdentity"), nil
	case !out.VerifiedForSendingStatus:
		return doctor.Fail(e.sender+" is not verified yet", "publish the DKIM records, or follow the link in the verification mail: aws sesv2 get-email-identity --email-identity "+name), nil
	case out.DkimAttributes == nil || out.DkimAttributes.Status != types.DkimStatusSuccess:
		fix := create
		if name == host {
			fix = "aws sesv2 put-email-identity-dkim-signing-attributes --email-identity " + host + " --signing-attributes-origin AWS_SES, and publish the records that it returns"
		}
		return doctor.Warn("mail from "+e.sender+" is not signed with DKIM, and may be classified as spam", fix), nil
	}
	return doctor.Pass(e.sender + " is verified"), nil
}

func (e *checker) unseen(err error, action string) doctor.Finding {
	if what, fix, ok := awscalls.CredentialTrouble(err); ok {
		return doctor.Fail(what, fix)
	}
	if awscalls.Denied(err) {
		return doctor.Warn("no permission to read the setting", "allow "+action+" to the credentials of this machine")
	}
	return doctor.Fail("cannot read the setting: "+awscalls.OneLine(err), "check AWS_REGION and the network access of this machine: NAT gateway, or VPC endpoint com.amazonaws."+e.region+".email")
}
