package apptest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// mailbox records the mail that an installation sends.
type mailbox struct {
	memory.Mailbox

	mu   sync.Mutex
	read map[string]int // how many mails to an address NextMail has returned
}

// mailPatience is how long NextMail waits. Mail is sent in the background.
const mailPatience = 30 * time.Second

// Mails returns all mail that the installation has sent to the address, in
// order. No mail leaves the test binary.
func (x *Tenant) Mails(to domain.Email) []ports.Mail {
	return slices.DeleteFunc(x.mail.Sent(), func(mail ports.Mail) bool { return !mail.To.Equal(to) })
}

// NextMail returns the first mail to the address that no NextMail has returned
// before. It waits for one, and the test fails if none comes.
func (x *Tenant) NextMail(t testing.TB, to domain.Email) ports.Mail {
	t.Helper()
	for deadline := time.Now().Add(mailPatience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if mail, found := x.next(to); found {
			return mail
		}
	}
	t.Fatalf("no mail to %s has come", to)
	return ports.Mail{}
}

func (x *Tenant) next(to domain.Email) (ports.Mail, bool) {
	x.mail.mu.Lock()
	defer x.mail.mu.Unlock()
	all, read := x.Mails(to), x.mail.read[to.Key()]
	if read >= len(all) {
		return ports.Mail{}, false
	}
	if x.mail.read == nil {
		x.mail.read = map[string]int{}
	}
	x.mail.read[to.Key()]++
	return all[read], true
}
