package postgres_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Releases before domains had one form kept a user's address by the key in Unicode.
func TestAUserOfAnEarlierReleaseIsFoundByEitherFormOfTheDomain(t *testing.T) {
	db, cfg := open(t)
	users, owner := db.Users(), login(t, cfg, cfg.User, cfg.Password)
	spellings := []domain.Email{domain.Must(domain.ParseEmail("Ada@MÜNCHEN.example")), domain.Must(domain.ParseEmail("ada@xn--mnchen-3ya.example"))}
	execute(t, owner, `INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed)
		VALUES ('ada', 'Ada@münchen.example', 'ada@münchen.example', 'hash', true)`)
	for _, spelling := range spellings {
		user, err := users.UserByEmail(t.Context(), spelling)
		if err != nil || user.Subject != "ada" || user.Email.String() != "Ada@münchen.example" {
			t.Errorf("%s is %+v, %v", spelling, user, err)
		}
		mustBe(t, users.CreateUser(t.Context(), ports.StoredUser{Subject: "eve", Email: spelling, PasswordHash: "stolen"}, nil), domain.CodeUserExists)
	}

	t.Run("of two that it made, the confirmed one has the address", func(t *testing.T) {
		execute(t, owner, `INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed, created_at)
			VALUES ('squatter', 'ada@xn--mnchen-3ya.example', 'ada@xn--mnchen-3ya.example', 'hash', false, '2020-01-01')`)
		for _, spelling := range spellings {
			if user, err := users.UserByEmail(t.Context(), spelling); err != nil || user.Subject != "ada" {
				t.Errorf("%s is %+v, %v", spelling, user, err)
			}
		}
	})
}
