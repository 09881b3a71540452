package porttest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Users is a store of users, and of the tenants that they are members of.
type Users struct {
	Store ports.UserStore

	// Join makes the user with that subject a member of some tenant.
	Join func(t *testing.T, subject string)
}

// UserStore runs the contract of [ports.UserStore].
func UserStore(t *testing.T, openUsers func(t *testing.T) Users) {
	open := func(t *testing.T) ports.UserStore { return openUsers(t).Store }
	createUsers(t, open)
	spendCodes(t, open)
	countWrongCodes(t, open)
	resetPasswords(t, open)
	renewSignUps(t, open)
	removeUnconfirmed(t, openUsers)
	startSessions(t, open)
	rotateSessions(t, open)
	endSessions(t, open)
	missUsers(t, open)

	heedContext(t, func(ctx context.Context) error { return open(t).CreateUser(ctx, newUser(t), nil) })
}

func createUsers(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("a user is found by subject and by address, as created", func(t *testing.T) {
		store := open(t)
		for _, confirmed := range []bool{false, true} {
			want := newUser(t)
			want.Confirmed = confirmed
			mustDo(t, store.CreateUser(t.Context(), want, nil))
			bySubject, err := store.UserBySubject(t.Context(), want.Subject)
			mustDo(t, err)
			byEmail, err := store.UserByEmail(t.Context(), want.Email)
			mustDo(t, err)
			for _, got := range []ports.StoredUser{bySubject, byEmail} {
				mustBeRecent(t, got.CreatedAt)
				got.CreatedAt = want.CreatedAt
				if got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		}
	})
	t.Run("the store sets the time of a user's creation", func(t *testing.T) {
		store, user := open(t), newUser(t)
		user.CreatedAt = time.Now().Add(-1000 * time.Hour)
		mustDo(t, store.CreateUser(t.Context(), user, nil))
		mustBeRecent(t, storedUser(t, store, user).CreatedAt)
	})
	t.Run("an address is found in any case and kept as written", func(t *testing.T) {
		store, user := open(t), newUser(t)
		mustDo(t, store.CreateUser(t.Context(), user, nil))
		for _, spelling := range []string{strings.ToUpper(user.Email.String()), strings.ToLower(user.Email.String())} {
			got, err := store.UserByEmail(t.Context(), email(t, spelling))
			mustDo(t, err)
			if got.Subject != user.Subject || got.Email != user.Email {
				t.Errorf("%s found %+v", spelling, got)
			}
		}
	})
	t.Run("a taken address is refused in any case", func(t *testing.T) {
		store, first := open(t), newUser(t)
		mustDo(t, store.CreateUser(t.Context(), first, nil))
		for _, spelling := range []string{first.Email.String(), strings.ToUpper(first.Email.String())} {
			second, code := newUser(t), newCode(ports.ConfirmAddress)
			second.Email = email(t, spelling)
			err := store.CreateUser(t.Context(), second, &code)
			mustBe(t, err, domain.CodeUserExists)
			mustBe(t, err, domain.Conflict)
			_, err = store.UserBySubject(t.Context(), second.Subject)
			mustBe(t, err, domain.NotFound)
			mustBe(t, store.Confirm(t.Context(), first.Subject, code.Hash), domain.CodeCodeInvalid)
		}
	})
	t.Run("an address is one with its domain in Unicode and in ASCII", func(t *testing.T) {
		for first := range 2 {
			store, forms := open(t), twoForms(t)
			user, other := newUser(t), newUser(t)
			user.Email, other.Email = forms[first], forms[1-first]
			mustDo(t, store.CreateUser(t.Context(), user, nil))
			mustBe(t, store.CreateUser(t.Context(), other, nil), domain.CodeUserExists)
			for _, form := range forms {
				got, err := store.UserByEmail(t.Context(), form)
				mustDo(t, err)
				if got.Subject != user.Subject || got.Email != user.Email {
					t.Errorf("%s found %+v", form, got)
				}
			}
		}
	})
	t.Run("a taken subject is refused", func(t *testing.T) {
		store := open(t)
		first, second := createUser(t, store, nil), newUser(t)
		second.Subject = first.Subject
		err := store.CreateUser(t.Context(), second, nil)
		mustBe(t, err, domain.Conflict)
		if errors.Is(err, domain.CodeUserExists) {
			t.Errorf("the address counts as taken: %v", err)
		}
		got, err := store.UserBySubject(t.Context(), first.Subject)
		mustDo(t, err)
		if got.Email != first.Email {
			t.Errorf("it is %v's", got.Email)
		}
	})
	t.Run("addresses that only look alike belong to two users", func(t *testing.T) {
		store, tag := open(t), unique()
		for _, address := range []string{"a.b" + tag + "@x.io", "a_b" + tag + "@x.io", "ab" + tag + "@x.io", "a.b+c" + tag + "@x.io", "a%b" + tag + "@x.io"} {
			user := newUser(t)
			user.Email = email(t, address)
			mustDo(t, store.CreateUser(t.Context(), user, nil))
			if got := storedUser(t, store, user); got.Subject != user.Subject {
				t.Errorf("%s is %+v", address, got)
			}
		}
	})
	t.Run("of many sign-ups with one address at once, one succeeds", func(t *testing.T) {
		store, address := open(t), newEmail(t)
		users := make([]ports.StoredUser, racers)
		for i := range users {
			users[i] = newUser(t)
			users[i].Email = address
		}
		winner := mustWinOnce(t, race(func(i int) error { return store.CreateUser(t.Context(), users[i], nil) }), domain.CodeUserExists)
		got, err := store.UserByEmail(t.Context(), address)
		mustDo(t, err)
		if got.Subject != users[winner].Subject {
			t.Errorf("%s got it, but %s got the success", got.Subject, users[winner].Subject)
		}
	})
}

func spendCodes(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("a code confirms its user once", func(t *testing.T) {
		store := open(t)
		code := newCode(ports.ConfirmAddress)
		user := createUser(t, store, &code)
		if storedUser(t, store, user).Confirmed {
			t.Error("they were confirmed from the start")
		}
		mustDo(t, store.Confirm(t.Context(), user.Subject, code.Hash))
		if !storedUser(t, store, user).Confirmed {
			t.Error("they are not confirmed")
		}
		mustBe(t, store.Confirm(t.Context(), user.Subject, code.Hash), domain.CodeCodeInvalid)
	})
	t.Run("of many callers who spend one code at once, one succeeds", func(t *testing.T) {
		store := open(t)
		code := newCode(ports.ConfirmAddress)
		user := createUser(t, store, &code)
		mustWinOnce(t, race(func(int) error { return store.Confirm(t.Context(), user.Subject, code.Hash) }), domain.CodeCodeInvalid)
	})
	t.Run("a user without a code cannot be confirmed", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		mustBe(t, store.Confirm(t.Context(), user.Subject, newHash()), domain.CodeCodeInvalid)
		mustBe(t, store.Confirm(t.Context(), user.Subject, domain.TokenHash{}), domain.CodeCodeInvalid)
	})
	t.Run("another user's code is wrong", func(t *testing.T) {
		store := open(t)
		mine, theirs := newCode(ports.ConfirmAddress), newCode(ports.ConfirmAddress)
		me := createUser(t, store, &mine)
		them := createUser(t, store, &theirs)
		mustBe(t, store.Confirm(t.Context(), me.Subject, theirs.Hash), domain.CodeCodeInvalid)
		mustDo(t, store.Confirm(t.Context(), them.Subject, theirs.Hash))
	})
	t.Run("a code of another purpose is wrong", func(t *testing.T) {
		store := open(t)
		confirm, reset := newCode(ports.ConfirmAddress), newCode(ports.ResetPassword)
		user := createUser(t, store, &confirm)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, reset))
		mustBe(t, store.Confirm(t.Context(), user.Subject, reset.Hash), domain.CodeCodeInvalid)
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, confirm.Hash, "stolen"), domain.CodeCodeInvalid)
		mustDo(t, store.ResetPassword(t.Context(), user.Subject, reset.Hash, "new"))
	})
	t.Run("confirming ends all other codes and all sessions of its user", func(t *testing.T) {
		store := open(t)
		confirm, reset, theirs := newCode(ports.ConfirmAddress), newCode(ports.ResetPassword), newCode(ports.ResetPassword)
		user, bystander := createUser(t, store, &confirm), createUser(t, store, nil)
		session, other := startSession(t, store, user), startSession(t, store, bystander)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, reset))
		mustDo(t, store.IssueCode(t.Context(), bystander.Subject, theirs))
		mustDo(t, store.Confirm(t.Context(), user.Subject, confirm.Hash))
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, reset.Hash, "stolen"), domain.CodeCodeInvalid)
		mustEnd(t, store, session)
		mustLive(t, store, other)
		mustDo(t, store.ResetPassword(t.Context(), bystander.Subject, theirs.Hash, "new"))
		if got := storedUser(t, store, user); got.PasswordHash != user.PasswordHash {
			t.Errorf("the password became %q", got.PasswordHash)
		}
	})
	t.Run("a reset ends the code that would confirm", func(t *testing.T) {
		store := open(t)
		confirm := newCode(ports.ConfirmAddress)
		user := createUser(t, store, &confirm)
		resetPassword(t, store, user)
		mustBe(t, store.Confirm(t.Context(), user.Subject, confirm.Hash), domain.CodeCodeInvalid)
	})
	t.Run("an expired code is wrong", func(t *testing.T) {
		store := open(t)
		first, later := newCode(ports.ConfirmAddress), newCode(ports.ResetPassword)
		first.TTL, later.TTL = soon, soon
		user := createUser(t, store, &first)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, later))
		time.Sleep(past)
		mustBe(t, store.Confirm(t.Context(), user.Subject, first.Hash), domain.CodeCodeInvalid)
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, later.Hash, "new"), domain.CodeCodeInvalid)
	})
	t.Run("a new code takes the place of the last of its purpose", func(t *testing.T) {
		store := open(t)
		first, second, reset := newCode(ports.ConfirmAddress), newCode(ports.ConfirmAddress), newCode(ports.ResetPassword)
		user := createUser(t, store, &first)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, reset))
		mustDo(t, store.IssueCode(t.Context(), user.Subject, second))
		mustBe(t, store.Confirm(t.Context(), user.Subject, first.Hash), domain.CodeCodeInvalid)
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, newHash(), "stolen"), domain.CodeCodeInvalid)
		mustDo(t, store.ResetPassword(t.Context(), user.Subject, reset.Hash, "new"))
		mustDo(t, store.IssueCode(t.Context(), user.Subject, second))
		mustDo(t, store.Confirm(t.Context(), user.Subject, second.Hash))
	})
}

func countWrongCodes(t *testing.T, open func(t *testing.T) ports.UserStore) {
	for _, attempts := range []int{0, 1, 3} {
		for wrong := range attempts + 2 {
			spend := func(t *testing.T) error {
				store := open(t)
				code := newCode(ports.ConfirmAddress)
				code.Attempts = attempts
				user := createUser(t, store, &code)
				for range wrong {
					mustBe(t, store.Confirm(t.Context(), user.Subject, newHash()), domain.CodeCodeInvalid)
				}
				return store.Confirm(t.Context(), user.Subject, code.Hash)
			}
			if wrong <= attempts {
				t.Run(counted("a code of", attempts, "attempts survives", wrong), func(t *testing.T) { mustDo(t, spend(t)) })
			} else {
				t.Run(counted("a code of", attempts, "attempts dies of", wrong), func(t *testing.T) { mustBe(t, spend(t), domain.CodeCodeInvalid) })
			}
		}
	}
	t.Run("wrong codes at once count each", func(t *testing.T) {
		for attempts, survives := range map[int]bool{racers: true, racers - 1: false} {
			for _, purpose := range []ports.CodePurpose{ports.ConfirmAddress, ports.ResetPassword} {
				store := open(t)
				code := newCode(purpose)
				code.Attempts = attempts
				user := createUser(t, store, nil)
				mustDo(t, store.IssueCode(t.Context(), user.Subject, code))
				for _, err := range race(func(int) error { return spendCode(t, store, user, purpose, newHash()) }) {
					mustBe(t, err, domain.CodeCodeInvalid)
				}
				if err := spendCode(t, store, user, purpose, code.Hash); (err == nil) != survives {
					t.Errorf("%s code of %d attempts, after %d wrong ones at once: %v", purpose, attempts, racers, err)
				}
			}
		}
	})
	t.Run("a new code has attempts of its own", func(t *testing.T) {
		store := open(t)
		first, second := newCode(ports.ConfirmAddress), newCode(ports.ConfirmAddress)
		first.Attempts, second.Attempts = 0, 1
		user := createUser(t, store, &first)
		mustBe(t, store.Confirm(t.Context(), user.Subject, newHash()), domain.CodeCodeInvalid)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, second))
		mustBe(t, store.Confirm(t.Context(), user.Subject, newHash()), domain.CodeCodeInvalid)
		mustDo(t, store.Confirm(t.Context(), user.Subject, second.Hash))
	})
	t.Run("wrong codes of one purpose do not count against the other", func(t *testing.T) {
		store := open(t)
		confirm, reset := newCode(ports.ConfirmAddress), newCode(ports.ResetPassword)
		confirm.Attempts = 0
		user := createUser(t, store, &confirm)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, reset))
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, newHash(), "stolen"), domain.CodeCodeInvalid)
		mustDo(t, store.Confirm(t.Context(), user.Subject, confirm.Hash))
	})
}

func resetPasswords(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("a reset sets the password, confirms the user and ends all their sessions", func(t *testing.T) {
		store := open(t)
		user, bystander := createUser(t, store, nil), createUser(t, store, nil)
		one, two, theirs := startSession(t, store, user), startSession(t, store, user), startSession(t, store, bystander)
		code := newCode(ports.ResetPassword)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, code))
		mustDo(t, store.ResetPassword(t.Context(), user.Subject, code.Hash, "new"))
		if got := storedUser(t, store, user); got.PasswordHash != "new" || !got.Confirmed {
			t.Errorf("got %+v", got)
		}
		mustEnd(t, store, one, two)
		mustLive(t, store, theirs)
		if got := storedUser(t, store, bystander); got.PasswordHash != bystander.PasswordHash || got.Confirmed {
			t.Errorf("a bystander became %+v", got)
		}
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, code.Hash, "again"), domain.CodeCodeInvalid)
	})
	t.Run("a wrong code changes nothing", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		session := startSession(t, store, user)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, newCode(ports.ResetPassword)))
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, newHash(), "stolen"), domain.CodeCodeInvalid)
		if got := storedUser(t, store, user); got.PasswordHash != user.PasswordHash || got.Confirmed {
			t.Errorf("they became %+v", got)
		}
		mustLive(t, store, session)
	})
	t.Run("of many who reset with one code at once, one succeeds", func(t *testing.T) {
		store := open(t)
		user, code := createUser(t, store, nil), newCode(ports.ResetPassword)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, code))
		hashes := make([]string, racers)
		for i := range hashes {
			hashes[i] = unique()
		}
		winner := mustWinOnce(t, race(func(i int) error {
			return store.ResetPassword(t.Context(), user.Subject, code.Hash, hashes[i])
		}), domain.CodeCodeInvalid)
		if got := storedUser(t, store, user); got.PasswordHash != hashes[winner] {
			t.Error("it is not the password of the one that succeeded")
		}
	})
}

func missUsers(t *testing.T, open func(t *testing.T) ports.UserStore) {
	store := open(t)
	for name, miss := range map[string]func(ctx context.Context) error{
		"UserByEmail":   func(ctx context.Context) error { _, err := store.UserByEmail(ctx, newEmail(t)); return err },
		"UserBySubject": func(ctx context.Context) error { _, err := store.UserBySubject(ctx, unique()); return err },
		"IssueCode":     func(ctx context.Context) error { return store.IssueCode(ctx, unique(), newCode(ports.ConfirmAddress)) },
		"RenewSignUp": func(ctx context.Context) error {
			return store.RenewSignUp(ctx, newUser(t), newCode(ports.ConfirmAddress))
		},
		"Confirm":       func(ctx context.Context) error { return store.Confirm(ctx, unique(), newHash()) },
		"ResetPassword": func(ctx context.Context) error { return store.ResetPassword(ctx, unique(), newHash(), "hash") },
		"StartSession":  func(ctx context.Context) error { return store.StartSession(ctx, newUser(t), newHash(), time.Hour) },
		"EndSessions":   func(ctx context.Context) error { return store.EndSessions(ctx, unique()) },
	} {
		t.Run(name+" of an absent user is not found", func(t *testing.T) { mustBe(t, miss(t.Context()), domain.NotFound) })
	}
}
