// Package ses sends mail through Amazon SES, version 2 of its API. The sender's
// address or domain must be a verified identity of the region, and the
// credentials must allow ses:SendEmail for it.
package ses

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Config says who sends, and through which account.
type Config struct {
	Sender  domain.Email
	AWS     aws.Config
	Timeout time.Duration // of one mail, with its retries; 0: 10 seconds
}

// Mailer is a [ports.Mailer] on SES.
type Mailer struct {
	sender  string
	client  *sesv2.Client
	timeout time.Duration
}

var _ ports.Mailer = (*Mailer)(nil)

// New returns a Mailer. It asks SES nothing yet.
func New(cfg Config) *Mailer {
	return &Mailer{
		sender:  cfg.Sender.String(),
		client:  sesv2.NewFromConfig(cfg.AWS),
		timeout: cmp.Or(cfg.Timeout, 10*time.Second),
	}
}

// Send implements [ports.Mailer].
func (m *Mailer) Send(ctx context.Context, mail ports.Mail) error {
	if err := check(mail); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	_, err := m.client.SendEmail(bounded, &sesv2.SendEmailInput{
		FromEmailAddress: &m.sender,
		Destination:      &types.Destination{ToAddresses: []string{mail.To.String()}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: utf8Content(mail.Subject),
			Body:    &types.Body{Text: utf8Content(body(mail))},
		}},
	})
	return translate(ctx, err)
}

func check(mail ports.Mail) error {
	switch {
	case mail.To.IsZero():
		return domain.Invalidf("to", "a mail goes to an address")
	case !utf8.ValidString(mail.Subject), strings.ContainsFunc(mail.Subject, unicode.IsControl):
		return domain.Invalidf("subject", "a subject is one line of UTF-8 without control characters")
	}
	return nil
}

// body sets the secret below the text, on a line of its own.
func body(mail ports.Mail) string {
	if mail.Secret.IsZero() {
		return mail.Text
	}
	return strings.TrimRight(mail.Text, "\n") + "\n\n" + mail.Secret.Reveal() + "\n"
}

func utf8Content(s string) *types.Content {
	return &types.Content{Data: &s, Charset: aws.String("UTF-8")}
}

// translate is the one place where the SDK's errors become the domain's.
func translate(ctx context.Context, err error) error {
	var (
		throttled *types.TooManyRequestsException
		limit     *types.LimitExceededException
		answered  *smithyhttp.ResponseError
	)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &throttled), errors.As(err, &limit):
		return &domain.Error{Kind: domain.Limited, Message: "too much mail is being sent", RetryAfter: time.Minute, Err: err}
	case errors.As(err, &answered) && answered.HTTPStatusCode() < http.StatusInternalServerError:
		return &domain.Error{Kind: domain.Internal, Message: "the mail was refused", Err: err}
	default:
		return &domain.Error{Kind: domain.Unavailable, Message: "mail can't be sent now", RetryAfter: time.Minute, Err: err}
	}
}
