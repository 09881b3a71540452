package memory

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Users has the users of the built-in identity provider. It implements
// [ports.UserStore].
type Users struct{ db *DB }

var _ ports.UserStore = (*Users)(nil)

// Users returns the users of the built-in identity provider.
func (db *DB) Users() *Users { return &Users{db} }

type user struct {
	ports.StoredUser
	codes    map[ports.CodePurpose]*code
	sessions []*session
}

type code struct {
	hash      domain.TokenHash
	expiresAt time.Time
	attempts  int // wrong ones that it still survives
}

var (
	errUserExists   = domain.NewError(domain.CodeUserExists)
	errSubjectTaken = domain.Errorf(domain.Conflict, "there is a user with this subject")
	errUserNotFound = ports.ErrNoUser
	errCodeInvalid  = domain.NewError(domain.CodeCodeInvalid)

	errInvalidCredentials = domain.NewError(domain.CodeInvalidCredentials)
)

// CreateUser implements [ports.AccountStore].
func (u *Users) CreateUser(ctx context.Context, stored ports.StoredUser, first *ports.StoredCode) error {
	if err := u.db.Ready(ctx); err != nil {
		return err
	}
	u.db.mu.Lock()
	defer u.db.mu.Unlock()
	switch {
	case u.db.usersByEmail[stored.Email.Key()] != nil:
		return errUserExists
	case u.db.users[stored.Subject] != nil:
		return errSubjectTaken
	}
	now := clock(u.db.Now)
	stored.CreatedAt = now
	made := &user{StoredUser: stored}
	if first != nil {
		made.give(*first, now)
	}
	set(&u.db.users, stored.Subject, made)
	set(&u.db.usersByEmail, stored.Email.Key(), made)
	return nil
}

// RenewSignUp implements [ports.AccountStore].
func (u *Users) RenewSignUp(ctx context.Context, stored ports.StoredUser, code ports.StoredCode) error {
	return u.with(ctx, stored.Subject, func(user *user, now time.Time) error {
		if user.Confirmed {
			return errUserExists
		}
		user.Email, user.PasswordHash, user.CreatedAt = stored.Email, stored.PasswordHash, now
		u.endAllBefore(user)
		user.give(code, now)
		return nil
	})
}

// RemoveUnconfirmed implements [ports.AccountStore].
func (u *Users) RemoveUnconfirmed(ctx context.Context, age time.Duration) (int, error) {
	if err := u.db.Ready(ctx); err != nil {
		return 0, err
	}
	u.db.mu.Lock()
	defer u.db.mu.Unlock()
	removed, before := 0, clock(u.db.Now).Add(-age)
	for subject, user := range u.db.users {
		if user.Confirmed || !user.CreatedAt.Before(before) || u.db.hasMember(subject) {
			continue
		}
		u.endAllBefore(user)
		delete(u.db.users, subject)
		delete(u.db.usersByEmail, user.Email.Key())
		removed++
	}
	return removed, nil
}

// UserByEmail implements [ports.AccountStore].
func (u *Users) UserByEmail(ctx context.Context, email domain.Email) (ports.StoredUser, error) {
	if err := u.db.Ready(ctx); err != nil {
		return ports.StoredUser{}, err
	}
	u.db.mu.Lock()
	defer u.db.mu.Unlock()
	found := u.db.usersByEmail[email.Key()]
	if found == nil {
		return ports.StoredUser{}, errUserNotFound
	}
	return found.StoredUser, nil
}

// UserBySubject implements [ports.AccountStore].
func (u *Users) UserBySubject(ctx context.Context, subject string) (ports.StoredUser, error) {
	var found ports.StoredUser
	err := u.with(ctx, subject, func(user *user, _ time.Time) error {
		found = user.StoredUser
		return nil
	})
	return found, err
}

// IssueCode implements [ports.CodeStore].
func (u *Users) IssueCode(ctx context.Context, subject string, next ports.StoredCode) error {
	return u.with(ctx, subject, func(user *user, now time.Time) error {
		user.give(next, now)
		return nil
	})
}

// Confirm implements [ports.CodeStore].
func (u *Users) Confirm(ctx context.Context, subject string, hash domain.TokenHash) error {
	return u.with(ctx, subject, func(user *user, now time.Time) error {
		if !user.spend(ports.ConfirmAddress, hash, now) {
			return errCodeInvalid
		}
		user.Confirmed = true
		u.endAllBefore(user)
		return nil
	})
}

// ResetPassword implements [ports.CodeStore].
func (u *Users) ResetPassword(ctx context.Context, subject string, hash domain.TokenHash, passwordHash string) error {
	return u.with(ctx, subject, func(user *user, now time.Time) error {
		if !user.spend(ports.ResetPassword, hash, now) {
			return errCodeInvalid
		}
		user.PasswordHash, user.Confirmed = passwordHash, true
		u.endAllBefore(user)
		return nil
	})
}

// with calls do on the user of subject, under the lock of the database.
func (u *Users) with(ctx context.Context, subject string, do func(user *user, now time.Time) error) error {
	if err := u.db.Ready(ctx); err != nil {
		return err
	}
	u.db.mu.Lock()
	defer u.db.mu.Unlock()
	found := u.db.users[subject]
	if found == nil {
		return errUserNotFound
	}
	return do(found, clock(u.db.Now))
}

// endAllBefore ends all codes and sessions of the user.
func (u *Users) endAllBefore(user *user) {
	clear(user.codes)
	u.endAll(user)
}

func (u *user) give(next ports.StoredCode, now time.Time) {
	set(&u.codes, next.Purpose, &code{next.Hash, now.Add(next.TTL), next.Attempts})
}

// spend reports whether hash is the user's code of that purpose, and removes that
// code. A wrong one costs the code an attempt.
func (u *user) spend(purpose ports.CodePurpose, hash domain.TokenHash, now time.Time) bool {
	given := u.codes[purpose]
	if given == nil {
		return false
	}
	right := given.hash == hash && now.Before(given.expiresAt)
	if !right {
		given.attempts--
	}
	if right || given.attempts < 0 {
		delete(u.codes, purpose)
	}
	return right
}
