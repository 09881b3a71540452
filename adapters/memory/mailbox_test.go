package memory_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/ports"
)

func TestMailbox(t *testing.T) {
	box, ada, bob := &memory.Mailbox{}, email("Ada@example.com"), email("bob@example.com")
	for _, mail := range []ports.Mail{{To: ada, Subject: "one", Text: "1"}, {To: ada, Subject: "two", Text: "2"}, {To: bob, Subject: "three", Text: "3"}} {
		must(t, box.Send(t.Context(), mail))
	}

	t.Run("all mail is kept in order", func(t *testing.T) {
		sent := box.Sent()
		if len(sent) != 3 || sent[0].Subject != "one" || sent[2].Subject != "three" {
			t.Errorf("got %+v", sent)
		}
	})
	t.Run("the last mail to an address is found in any case", func(t *testing.T) {
		if mail, found := box.Last(email("ADA@example.com")); !found || mail.Subject != "two" {
			t.Errorf("got %+v", mail)
		}
	})
	t.Run("an address without mail has no last mail", func(t *testing.T) {
		if mail, found := box.Last(email("eve@example.com")); found {
			t.Errorf("got %+v", mail)
		}
	})
}
