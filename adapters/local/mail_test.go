package local_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/local"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestMailLog(t *testing.T) {
	porttest.Mailer(t, func(*testing.T) porttest.Mailbox {
		var log journal
		return porttest.Mailbox{
			Mailer: &local.MailLog{Logger: log.logger(), ShowSecrets: true},
			Last: func(t *testing.T) string {
				records := log.records(t)
				if len(records) == 0 {
					return ""
				}
				last := records[len(records)-1]
				text, _ := last["text"].(string)
				code, _ := last["code"].(string)
				return text + "\n" + code
			},
		}
	})

	mail := ports.Mail{To: address(t, "ada@example.com"), Subject: "Your code", Text: "It is below.", Secret: domain.NewSecret("12345678")}
	t.Run("a mail is one line with the address and the code", func(t *testing.T) {
		var log journal
		mailer := local.MailLog{Logger: log.logger(), ShowSecrets: true}
		mustDo(t, mailer.Send(t.Context(), mail))
		line := log.String()
		for _, want := range []string{`"to":"ada@example.com"`, `"subject":"Your code"`, `"code":"12345678"`} {
			if !strings.Contains(line, want) {
				t.Errorf("it lacks %s: %s", want, line)
			}
		}
		if strings.Count(line, "\n") != 1 {
			t.Errorf("it isn't one line: %s", line)
		}
	})
	t.Run("a code isn't logged unless asked for", func(t *testing.T) {
		var log journal
		mailer := local.MailLog{Logger: log.logger()}
		mustDo(t, mailer.Send(t.Context(), mail))
		if line := log.String(); strings.Contains(line, "12345678") || strings.Contains(line, `"code"`) || !strings.Contains(line, "ada@example.com") {
			t.Errorf("got %s", line)
		}
	})
}
