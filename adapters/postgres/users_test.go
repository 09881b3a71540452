package postgres_test

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Releases before domains had one form kept a user's address by the key in Unicode.
func TestAUserOfAnEarlierReleaseIsFoundByEitherFormOfTheDomain(t *testing.T) {
	db, cfg := pgtest.Open(t)
	users, owner := db.Users(), pgtest.Login(t, cfg, cfg.User, cfg.Password)
	spellings := []domain.Email{domain.Must(domain.ParseEmail("Ada@MÜNCHEN.example")), domain.Must(domain.ParseEmail("ada@xn--mnchen-3ya.example"))}
	pgtest.Execute(t, owner, `INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed)
		VALUES ('ada', 'Ada@münchen.example', 'ada@münchen.example', 'hash', true)`)
	for _, spelling := range spellings {
		user, err := users.UserByEmail(t.Context(), spelling)
		if err != nil || user.Subject != "ada" || user.Email.String() != "Ada@münchen.example" {
			t.Errorf("%s is %+v, %v", spelling, user, err)
		}
		pgtest.MustBe(t, users.CreateUser(t.Context(), ports.StoredUser{Subject: "eve", Email: spelling, PasswordHash: "stolen"}, nil), domain.CodeUserExists)
	}

	t.Run("of two that it made, the confirmed one has the address", func(t *testing.T) {
		pgtest.Execute(t, owner, `INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed, created_at)
			VALUES ('squatter', 'ada@xn--mnchen-3ya.example', 'ada@xn--mnchen-3ya.example', 'hash', false, '2020-01-01')`)
		for _, spelling := range spellings {
			if user, err := users.UserByEmail(t.Context(), spelling); err != nil || user.Subject != "ada" {
				t.Errorf("%s is %+v, %v", spelling, user, err)
			}
		}
	})
}

// Releases before domains had one form kept addresses that no mail server can have.
func TestAUserWhoseAddressIsRefusedNowIsFoundWithoutIt(t *testing.T) {
	db, cfg := pgtest.Open(t)
	users := db.Users()
	const refused = "ada@-m\u00fcnchen-.example"
	if _, err := domain.ParseEmail(refused); domain.KindOf(err) != domain.Invalid {
		t.Fatalf("%s is accepted: %v", refused, err)
	}
	pgtest.Execute(t, pgtest.Login(t, cfg, cfg.User, cfg.Password), `INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed)
		VALUES ('ada', '`+refused+`', '`+refused+`', 'hash', true)`)
	mustBeAda := func(user ports.StoredUser, err error) {
		t.Helper()
		if err != nil || user.Subject != "ada" || !user.Confirmed || !user.Email.IsZero() {
			t.Errorf("got %+v, %v", user, err)
		}
	}
	ada, err := users.UserBySubject(t.Context(), "ada")
	mustBeAda(ada, err)
	token, next := domain.NewSecret("one").Hash(), domain.NewSecret("two").Hash()
	if err := users.StartSession(t.Context(), ada, token, time.Hour); err != nil {
		t.Fatal(err)
	}
	mustBeAda(users.RotateSession(t.Context(), token, next, 0))
}
