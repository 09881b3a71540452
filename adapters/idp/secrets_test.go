package idp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/logmail"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/ports"
)

// both sends each mail with all of its notifiers.
type both []ports.Notifier

func (b both) Notify(ctx context.Context, n ports.Notification) error {
	var errs []error
	for _, notifier := range b {
		errs = append(errs, notifier.Notify(ctx, n))
	}
	return errors.Join(errs...)
}

func TestNoSecretIsLogged(t *testing.T) {
	var log journal
	b := open(t, func(c *idp.Config) {
		c.RequireConfirmation, c.Logger = true, log.logger()
		c.Mail = both{c.Mail, &mails.Service{Mailer: &logmail.Mailer{Logger: log.logger()}}}
	})
	var secrets []string
	keep := func(kept ...domain.Secret) {
		for _, secret := range kept {
			secrets = append(secrets, secret.Reveal())
		}
	}

	ada := b.arrive(t, "ada@example.com")
	keep(ada.password, b.code(t, ada.email))
	mustDo(t, b.provider.ConfirmSignUp(t.Context(), ada.email, b.code(t, ada.email)))
	first := b.signIn(t, ada)
	next, err := b.provider.Refresh(t.Context(), first.Refresh)
	mustDo(t, err)
	keep(first.Access, first.ID, first.Refresh, next.Access, next.ID, next.Refresh)
	b.now.pass(time.Minute) // longer than the grace of a refresh token
	_, err = b.provider.Refresh(t.Context(), first.Refresh)
	mustBe(t, err, domain.CodeRefreshReused)
	mustDo(t, b.provider.ForgotPassword(t.Context(), ada.email))
	keep(b.code(t, ada.email))

	b.box.Break() // deliveries fail from here on, and are logged
	mustDo(t, b.provider.ForgotPassword(t.Context(), ada.email))
	b.arrive(t, "bob@example.com")
	stored, err := b.users.UserByEmail(t.Context(), ada.email)
	mustDo(t, err)
	secrets = append(secrets, stored.PasswordHash, string(b.keys.URLSecret()))

	if n := len(log.records(t)); n < 6 {
		t.Fatalf("only %d lines were logged:\n%s", n, &log)
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}
