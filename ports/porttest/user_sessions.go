package porttest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// startSessions, rotateSessions and endSessions are the part of [UserStore] that
// is about refresh tokens.

func startSessions(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("a password that was reset starts no session", func(t *testing.T) {
		store := open(t)
		user, token := createUser(t, store, nil), newHash()
		resetPassword(t, store, user)
		err := store.StartSession(t.Context(), user, token, time.Hour)
		mustBe(t, err, domain.CodeInvalidCredentials)
		mustBe(t, err, domain.Unauthenticated)
		mustEnd(t, store, token)
		mustLive(t, store, startSession(t, store, storedUser(t, store, user)))
	})
	t.Run("of many sessions started while the password is reset, none stays", func(t *testing.T) {
		store := open(t)
		user, code := createUser(t, store, nil), newCode(ports.ResetPassword)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, code))
		tokens := make([]domain.TokenHash, racers)
		for i := range tokens {
			tokens[i] = newHash()
		}
		for i, err := range race(func(i int) error {
			if i == racers/2 {
				return store.ResetPassword(t.Context(), user.Subject, code.Hash, "new")
			}
			return store.StartSession(t.Context(), user, tokens[i], time.Hour)
		}) {
			if i == racers/2 {
				mustDo(t, err)
			} else if err != nil {
				mustBe(t, err, domain.CodeInvalidCredentials)
			}
		}
		mustEnd(t, store, tokens...)
	})
}

func rotateSessions(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("a refresh token is exchanged for the next, again and again", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		token := startSession(t, store, user)
		for range 3 {
			next := newHash()
			got, err := store.RotateSession(t.Context(), token, next, 0)
			mustDo(t, err)
			if got.Subject != user.Subject || got.Email != user.Email || got.PasswordHash != user.PasswordHash {
				t.Errorf("got %+v, want %+v", got, user)
			}
			mustBeRecent(t, got.CreatedAt)
			token = next
		}
	})
	t.Run("an unknown token is refused", func(t *testing.T) {
		store := open(t)
		startSession(t, store, createUser(t, store, nil))
		for _, token := range []domain.TokenHash{newHash(), {}} {
			next := newHash()
			_, err := store.RotateSession(t.Context(), token, next, 0)
			mustBe(t, err, domain.CodeRefreshInvalid)
			mustBe(t, err, domain.Unauthenticated)
			mustEnd(t, store, next)
		}
	})
	t.Run("a token is exchanged again within its grace, and all its successors are valid", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		token, next := startSession(t, store, user), []domain.TokenHash{newHash(), newHash(), newHash()}
		for _, successor := range next {
			got, err := store.RotateSession(t.Context(), token, successor, time.Hour)
			mustDo(t, err)
			if got.Subject != user.Subject {
				t.Errorf("it belongs to %s", got.Subject)
			}
		}
		for _, successor := range next {
			_, err := store.RotateSession(t.Context(), successor, newHash(), time.Hour)
			mustDo(t, err)
		}
	})
	t.Run("the grace of a token ends when a successor is exchanged", func(t *testing.T) {
		store := open(t)
		token, next := startSession(t, store, createUser(t, store, nil)), newHash()
		last := newHash()
		for _, step := range [][2]domain.TokenHash{{token, next}, {next, last}} {
			_, err := store.RotateSession(t.Context(), step[0], step[1], time.Hour)
			mustDo(t, err)
		}
		_, err := store.RotateSession(t.Context(), token, newHash(), time.Hour)
		mustBe(t, err, domain.CodeRefreshReused)
		mustEnd(t, store, last)
	})
	t.Run("the grace of a token begins with its first exchange", func(t *testing.T) {
		const grace = 300 * time.Millisecond
		store := open(t)
		token := startSession(t, store, createUser(t, store, nil))
		began := time.Now()
		_, err := store.RotateSession(t.Context(), token, newHash(), grace)
		mustDo(t, err)
		for exchanged := time.Now(); time.Since(exchanged) < grace+past; { // an exchange that renewed the grace would never be refused
			time.Sleep(past)
			if _, err := store.RotateSession(t.Context(), token, newHash(), grace); err != nil && time.Since(began) < grace {
				t.Fatalf("it failed in time: %v", err)
			} else if err != nil {
				mustBe(t, err, domain.CodeRefreshReused)
				return
			}
		}
		_, err = store.RotateSession(t.Context(), token, newHash(), grace)
		mustBe(t, err, domain.CodeRefreshReused)
	})
	t.Run("many callers who exchange one token at once within its grace all succeed", func(t *testing.T) {
		store := open(t)
		token := startSession(t, store, createUser(t, store, nil))
		next := make([]domain.TokenHash, racers)
		for i := range next {
			next[i] = newHash()
		}
		for _, err := range race(func(i int) error {
			_, err := store.RotateSession(t.Context(), token, next[i], time.Hour)
			return err
		}) {
			mustDo(t, err)
		}
		for _, successor := range next {
			mustLive(t, store, successor)
		}
	})
	t.Run("ending a session ends it for a token in its grace, too", func(t *testing.T) {
		store := open(t)
		token, next := startSession(t, store, createUser(t, store, nil)), newHash()
		_, err := store.RotateSession(t.Context(), token, next, time.Hour)
		mustDo(t, err)
		mustDo(t, store.EndSession(t.Context(), next))
		_, err = store.RotateSession(t.Context(), token, newHash(), time.Hour)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
	t.Run("a token that was exchanged before has its own error and ends only its family", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		first, other := startSession(t, store, user), startSession(t, store, user)
		second, third := newHash(), newHash()
		_, err := store.RotateSession(t.Context(), first, second, 0)
		mustDo(t, err)
		_, err = store.RotateSession(t.Context(), second, third, 0)
		mustDo(t, err)
		_, err = store.RotateSession(t.Context(), first, newHash(), 0)
		mustBe(t, err, domain.CodeRefreshReused)
		mustBe(t, err, domain.Unauthenticated)
		mustEnd(t, store, third)
		mustLive(t, store, other)
	})
	t.Run("without grace, of many exchanges of one token at once one succeeds, and its new token is revoked", func(t *testing.T) {
		store := open(t)
		token := startSession(t, store, createUser(t, store, nil))
		next := make([]domain.TokenHash, racers)
		for i := range next {
			next[i] = newHash()
		}
		errs := race(func(i int) error { _, err := store.RotateSession(t.Context(), token, next[i], 0); return err })
		// Once the first reuse has ended the family, the token is both ended and reused.
		mustWinOnce(t, errs, domain.CodeRefreshReused, domain.CodeRefreshInvalid)
		reused := 0
		for _, err := range errs {
			if errors.Is(err, domain.CodeRefreshReused) {
				reused++
			}
		}
		if reused == 0 {
			t.Error("no caller got the error of the reuse")
		}
		mustEnd(t, store, next...)
	})
	t.Run("an exchange keeps the end of the session", func(t *testing.T) {
		const life = 500 * time.Millisecond
		store := open(t)
		user := createUser(t, store, nil)
		token, next := newHash(), newHash()
		began := time.Now()
		mustDo(t, store.StartSession(t.Context(), user, token, life))
		time.Sleep(life / 2)
		if _, err := store.RotateSession(t.Context(), token, next, 0); err != nil && time.Since(began) < life {
			t.Fatalf("it failed in time: %v", err)
		}
		time.Sleep(life/2 + past)
		_, err := store.RotateSession(t.Context(), next, newHash(), 0)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
	t.Run("an expired token is refused", func(t *testing.T) {
		store := open(t)
		user, token := createUser(t, store, nil), newHash()
		mustDo(t, store.StartSession(t.Context(), user, token, soon))
		time.Sleep(past)
		_, err := store.RotateSession(t.Context(), token, newHash(), 0)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
}

func endSessions(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("ending a session ends it alone", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		one, two := startSession(t, store, user), startSession(t, store, user)
		mustDo(t, store.EndSession(t.Context(), one))
		mustDo(t, store.EndSession(t.Context(), one))
		mustEnd(t, store, one)
		mustLive(t, store, two)
	})
	t.Run("ending a session by a token that was exchanged ends its family", func(t *testing.T) {
		store := open(t)
		first, second := startSession(t, store, createUser(t, store, nil)), newHash()
		_, err := store.RotateSession(t.Context(), first, second, 0)
		mustDo(t, err)
		mustDo(t, store.EndSession(t.Context(), first))
		mustEnd(t, store, second)
	})
	t.Run("ending an unknown session is no error", func(t *testing.T) {
		mustDo(t, open(t).EndSession(t.Context(), newHash()))
	})
	t.Run("ending all sessions of a user leaves others'", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		one, two := startSession(t, store, user), startSession(t, store, user)
		theirs := startSession(t, store, createUser(t, store, nil))
		mustDo(t, store.EndSessions(t.Context(), user.Subject))
		mustEnd(t, store, one, two)
		mustLive(t, store, theirs)
		mustLive(t, store, startSession(t, store, user))
		mustDo(t, store.EndSessions(t.Context(), user.Subject))
	})
}

func newUser(t *testing.T) ports.StoredUser {
	t.Helper()
	return ports.StoredUser{Subject: unique(), Email: newEmail(t), PasswordHash: "hash of " + unique()}
}

func newCode(purpose ports.CodePurpose) ports.StoredCode {
	return ports.StoredCode{Purpose: purpose, Hash: newHash(), TTL: time.Hour, Attempts: 5}
}

func createUser(t *testing.T, store ports.UserStore, code *ports.StoredCode) ports.StoredUser {
	t.Helper()
	user := newUser(t)
	mustDo(t, store.CreateUser(t.Context(), user, code))
	return user
}

func storedUser(t *testing.T, store ports.UserStore, user ports.StoredUser) ports.StoredUser {
	t.Helper()
	got, err := store.UserByEmail(t.Context(), user.Email)
	mustDo(t, err)
	return got
}

func resetPassword(t *testing.T, store ports.UserStore, user ports.StoredUser) {
	t.Helper()
	code := newCode(ports.ResetPassword)
	mustDo(t, store.IssueCode(t.Context(), user.Subject, code))
	mustDo(t, store.ResetPassword(t.Context(), user.Subject, code.Hash, "new"))
}

func spendCode(t *testing.T, store ports.UserStore, user ports.StoredUser, purpose ports.CodePurpose, code domain.TokenHash) error {
	if purpose == ports.ConfirmAddress {
		return store.Confirm(t.Context(), user.Subject, code)
	}
	return store.ResetPassword(t.Context(), user.Subject, code, "new")
}

func startSession(t *testing.T, store ports.UserStore, user ports.StoredUser) domain.TokenHash {
	t.Helper()
	token := newHash()
	mustDo(t, store.StartSession(t.Context(), user, token, time.Hour))
	return token
}

func mustLive(t *testing.T, store ports.UserStore, token domain.TokenHash) {
	t.Helper()
	_, err := store.RotateSession(t.Context(), token, newHash(), 0)
	mustDo(t, err)
}

func mustEnd(t *testing.T, store ports.UserStore, tokens ...domain.TokenHash) {
	t.Helper()
	for _, token := range tokens {
		_, err := store.RotateSession(t.Context(), token, newHash(), 0)
		mustBe(t, err, domain.CodeRefreshInvalid)
	}
}

// counted names a subtest about wrong codes.
func counted(subject string, attempts int, verb string, wrong int) string {
	return fmt.Sprintf("%s %d %s %d wrong ones", subject, attempts, verb, wrong)
}
