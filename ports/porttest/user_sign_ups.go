package porttest

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// renewSignUps and removeUnconfirmed are the part of [UserStore] that is about
// users with an unconfirmed address.

func renewSignUps(t *testing.T, open func(t *testing.T) ports.UserStore) {
	t.Run("a renewed sign-up has another password and another code", func(t *testing.T) {
		store := open(t)
		first, second := newCode(ports.ConfirmAddress), newCode(ports.ConfirmAddress)
		user := createUser(t, store, &first)
		anew := ports.StoredUser{Subject: user.Subject, Email: email(t, strings.ToUpper(user.Email.String())), PasswordHash: "anew"}
		mustDo(t, store.RenewSignUp(t.Context(), anew, second))
		got := storedUser(t, store, user)
		mustBeRecent(t, got.CreatedAt)
		if got.CreatedAt = (time.Time{}); got != anew {
			t.Errorf("got %+v, want %+v", got, anew)
		}
		mustBe(t, store.Confirm(t.Context(), user.Subject, first.Hash), domain.CodeCodeInvalid)
		mustDo(t, store.Confirm(t.Context(), user.Subject, second.Hash))
		if got := storedUser(t, store, user); got.PasswordHash != "anew" || !got.Confirmed {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a renewed sign-up has ended everything older", func(t *testing.T) {
		store := open(t)
		reset := newCode(ports.ResetPassword)
		user, bystander := createUser(t, store, nil), createUser(t, store, nil)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, reset))
		session, other := startSession(t, store, user), startSession(t, store, bystander)
		anew := user
		anew.PasswordHash = "anew"
		mustDo(t, store.RenewSignUp(t.Context(), anew, newCode(ports.ConfirmAddress)))
		mustBe(t, store.ResetPassword(t.Context(), user.Subject, reset.Hash, "stolen"), domain.CodeCodeInvalid)
		mustEnd(t, store, session)
		mustLive(t, store, other)
		mustBe(t, store.StartSession(t.Context(), user, newHash(), time.Hour), domain.CodeInvalidCredentials)
	})
	t.Run("the sign-up of a confirmed user is not renewed", func(t *testing.T) {
		store := open(t)
		user := createUser(t, store, nil)
		resetPassword(t, store, user)
		session, reset, code := startSession(t, store, storedUser(t, store, user)), newCode(ports.ResetPassword), newCode(ports.ConfirmAddress)
		mustDo(t, store.IssueCode(t.Context(), user.Subject, reset))
		stolen := ports.StoredUser{Subject: user.Subject, Email: user.Email, PasswordHash: "stolen"}
		err := store.RenewSignUp(t.Context(), stolen, code)
		mustBe(t, err, domain.CodeUserExists)
		mustBe(t, err, domain.Conflict)
		if got := storedUser(t, store, user); got.PasswordHash == "stolen" || !got.Confirmed {
			t.Errorf("got %+v", got)
		}
		mustBe(t, store.Confirm(t.Context(), user.Subject, code.Hash), domain.CodeCodeInvalid)
		mustLive(t, store, session)
		mustDo(t, store.ResetPassword(t.Context(), user.Subject, reset.Hash, "new"))
	})
	t.Run("of many sign-ups renewed while the first code is spent, none gets the account", func(t *testing.T) {
		for range 5 {
			store, code := open(t), newCode(ports.ConfirmAddress)
			user := createUser(t, store, &code)
			errs := race(func(i int) error {
				if i == racers/2 {
					return store.Confirm(t.Context(), user.Subject, code.Hash)
				}
				return store.RenewSignUp(t.Context(), ports.StoredUser{Subject: user.Subject, Email: user.Email, PasswordHash: "anew"}, newCode(ports.ConfirmAddress))
			})
			got := storedUser(t, store, user)
			if confirmed := errs[racers/2] == nil; got.Confirmed != confirmed || confirmed != (got.PasswordHash == user.PasswordHash) {
				t.Errorf("confirming returned %v and left %+v", errs[racers/2], got)
			}
			for i, err := range errs {
				if i != racers/2 && err != nil {
					mustBe(t, err, domain.CodeUserExists)
				}
			}
		}
	})
}

func removeUnconfirmed(t *testing.T, open func(t *testing.T) Users) {
	t.Run("users that do not confirm in time are removed, and their addresses are free", func(t *testing.T) {
		u := open(t)
		code := newCode(ports.ConfirmAddress)
		late, confirmed, member := createUser(t, u.Store, &code), createUser(t, u.Store, nil), createUser(t, u.Store, nil)
		resetPassword(t, u.Store, confirmed)
		u.Join(t, member.Subject)
		session := startSession(t, u.Store, late)
		time.Sleep(past)
		removed, err := u.Store.RemoveUnconfirmed(t.Context(), 0)
		mustDo(t, err)
		if removed < 1 {
			t.Errorf("it removed %d", removed)
		}
		_, err = u.Store.UserBySubject(t.Context(), late.Subject)
		mustBe(t, err, domain.NotFound)
		mustBe(t, u.Store.Confirm(t.Context(), late.Subject, code.Hash), domain.NotFound)
		mustEnd(t, u.Store, session)
		for _, stays := range []ports.StoredUser{confirmed, member} {
			storedUser(t, u.Store, stays)
		}
		again := newUser(t)
		again.Email = late.Email
		mustDo(t, u.Store.CreateUser(t.Context(), again, nil))
	})
	t.Run("users who still have time stay", func(t *testing.T) {
		u := open(t)
		user := createUser(t, u.Store, nil)
		removed, err := u.Store.RemoveUnconfirmed(t.Context(), time.Hour)
		mustDo(t, err)
		if removed != 0 {
			t.Errorf("it removed %d", removed)
		}
		storedUser(t, u.Store, user)
	})
	t.Run("a renewed sign-up has the full time again", func(t *testing.T) {
		const age = time.Second
		u := open(t)
		user := createUser(t, u.Store, nil)
		time.Sleep(age)
		mustDo(t, u.Store.RenewSignUp(t.Context(), user, newCode(ports.ConfirmAddress)))
		renewed := time.Now()
		if _, err := u.Store.RemoveUnconfirmed(t.Context(), age); err != nil {
			t.Fatal(err)
		}
		if _, err := u.Store.UserBySubject(t.Context(), user.Subject); err != nil && time.Since(renewed) < age {
			t.Errorf("it was removed in time: %v", err)
		}
	})
}
