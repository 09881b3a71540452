package logmail_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/logmail"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestMailer(t *testing.T) {
	porttest.Mailer(t, func(*testing.T) porttest.Mailbox {
		var log bytes.Buffer
		return porttest.Mailbox{
			Mailer: &logmail.Mailer{Logger: logger(&log), ShowSecrets: true},
			Last:   func(t *testing.T) string { return lastMail(t, log.String()) },
		}
	})
}

func TestAMailIsALineInTheLog(t *testing.T) {
	mail := ports.Mail{To: domain.Must(domain.ParseEmail("ada@example.com")), Subject: "Your code", Text: "It is 12345678.", HTML: "<p>It is 12345678", Secret: domain.NewSecret("12345678")}
	send := func(t *testing.T, showSecrets bool) string {
		t.Helper()
		var log bytes.Buffer
		mailer := logmail.Mailer{Logger: logger(&log), ShowSecrets: showSecrets}
		if err := mailer.Send(t.Context(), mail); err != nil {
			t.Fatal(err)
		}
		return log.String()
	}
	t.Run("with the address and the code", func(t *testing.T) {
		line := send(t, true)
		for _, want := range []string{`"to":"ada@example.com"`, `"subject":"Your code"`, `"code":"12345678"`, `"text":"It is 12345678."`} {
			if !strings.Contains(line, want) {
				t.Errorf("it lacks %s: %s", want, line)
			}
		}
		if strings.Count(line, "\n") != 1 {
			t.Errorf("it is not one line: %s", line)
		}
	})
	t.Run("without the code and the text unless secrets are shown", func(t *testing.T) {
		line := send(t, false)
		if strings.Contains(line, "12345678") || strings.Contains(line, `"code"`) || !strings.Contains(line, "ada@example.com") {
			t.Errorf("got %s", line)
		}
	})
	t.Run("with the text if there is no secret", func(t *testing.T) {
		mail.Text, mail.Secret = "Your tenant is ready.", domain.Secret{}
		if line := send(t, false); !strings.Contains(line, `"text":"Your tenant is ready."`) {
			t.Errorf("got %s", line)
		}
	})
}

func logger(to *bytes.Buffer) *slog.Logger { return slog.New(slog.NewJSONHandler(to, nil)) }

// lastMail returns the text of the last line of log.
func lastMail(t *testing.T, log string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	last := lines[len(lines)-1]
	if last == "" {
		return ""
	}
	var mail struct{ Text string }
	if err := json.Unmarshal([]byte(last), &mail); err != nil {
		t.Fatal(err)
	}
	return mail.Text
}
