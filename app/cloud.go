package app

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"github.com/partywall-go/partywall/adapters/logmail"
	"github.com/partywall-go/partywall/adapters/ses"
	"github.com/partywall-go/partywall/ports"
)

// loadAWS reads the SDK's own settings, if any part runs on AWS.
func (p *Partywall) loadAWS(ctx context.Context) (aws.Config, error) {
	if !p.usesAWS() {
		return aws.Config{}, nil
	}
	cloud, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(p.config.Region))
	if err != nil {
		return aws.Config{}, fmt.Errorf("cannot read the AWS settings: %w", err)
	}
	return cloud, nil
}

func (p *Partywall) usesAWS() bool { return p.config.usesAWS() }

func (c Config) usesAWS() bool { return !c.Memory && (c.Cognito.PoolID != "" || c.S3.Bucket != "") }

// openMail returns the product's mailer, or SES if there is AWS and a sender. Otherwise
// mail is a line in the log. The line contains the code only if the code gives no access
// to a real user pool.
func (p *Partywall) openMail(cloud aws.Config) ports.Mailer {
	if p.config.Mail != nil {
		p.describe("mail", "by the product", false)
		return p.config.Mail
	}
	if p.sendsMail() {
		p.describe("mail", "SES, from "+p.config.EmailSender.String(), false)
		return ses.New(p.sesConfig(cloud))
	}
	p.describe("mail", "to the log", true)
	return &logmail.Mailer{Logger: p.config.logger(), ShowSecrets: !p.usesCognito()}
}

// mailLeaves reports whether mail goes to people, and not to the log alone.
func (p *Partywall) mailLeaves() bool { return p.config.Mail != nil || p.sendsMail() }

func (p *Partywall) sendsMail() bool {
	return p.config.Mail == nil && p.usesAWS() && !p.config.EmailSender.IsZero()
}

func (p *Partywall) sesConfig(cloud aws.Config) ses.Config {
	cloud.Region = cmp.Or(p.config.SESRegion, cloud.Region)
	return ses.Config{Sender: p.config.EmailSender, AWS: cloud}
}
