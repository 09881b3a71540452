// Package ses sends mail through Amazon SES, version 2 of its API. The sender's
// address or domain must be a verified identity of the region, and the
// credentials must allow ses:SendEmail for it. An account in the SES sandbox
// reaches verified recipients only.
//
// A mail that SES may not have accepted is sent again, so it may arrive twice. That is
// better than not at all.
package ses

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Config selects the sender and the account.
type Config struct {
	Sender domain.Email

	// AWS contains region, endpoint, HTTP client and credentials. Its retry settings
	// are ignored.
	AWS aws.Config

	Timeout time.Duration // of one mail, with its retries; 0: 10 seconds
}

// Mailer is a [ports.Mailer] on SES.
type Mailer struct {
	sender  string
	client  *sesv2.Client
	timeout time.Duration
}

var _ ports.Mailer = (*Mailer)(nil)

const (
	defaultTimeout = 10 * time.Second
	maxAttempts    = 3
	maxBackoff     = 500 * time.Millisecond
)

// New returns a Mailer. It does not contact SES.
func New(cfg Config) *Mailer {
	cfg.AWS.RetryMaxAttempts = 0 // the retryer below sets the limit
	return &Mailer{
		sender: cfg.Sender.ASCII(),
		client: sesv2.NewFromConfig(cfg.AWS, func(o *sesv2.Options) {
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = maxAttempts
				o.Backoff = retry.NewExponentialJitterBackoff(maxBackoff)
			})
		}),
		timeout: cmp.Or(cfg.Timeout, defaultTimeout),
	}
}

// Send implements [ports.Mailer]. If SES reports that a mail is malformed, the error is
// [domain.Invalid]. If SES refuses the sender, the error is [domain.Internal].
func (m *Mailer) Send(ctx context.Context, mail ports.Mail) error {
	if err := mail.Validate(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	_, err := m.client.SendEmail(bounded, &sesv2.SendEmailInput{
		FromEmailAddress: &m.sender,
		Destination:      &types.Destination{ToAddresses: []string{mail.To.ASCII()}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: utf8Content(mail.Subject),
			Body:    body(mail),
		}},
	})
	return translate(ctx, err)
}

// body returns the alternatives of the mail, of which the reader's program shows one.
func body(mail ports.Mail) *types.Body {
	body := &types.Body{Text: utf8Content(mail.Text)}
	if mail.HTML != "" {
		body.Html = utf8Content(mail.HTML)
	}
	return body
}

func utf8Content(s string) *types.Content {
	return &types.Content{Data: &s, Charset: aws.String("UTF-8")}
}
