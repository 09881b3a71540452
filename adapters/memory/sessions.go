package memory

import (
	"context"
	"slices"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// session is a family of refresh tokens.
type session struct {
	user      *user
	tokens    map[domain.TokenHash]*refreshToken
	expiresAt time.Time
}

type refreshToken struct {
	rotatedAt  time.Time // zero: it was not
	successors []*refreshToken
}

// mayRotate reports whether the token may be rotated, for the first time or again.
func (t *refreshToken) mayRotate(now time.Time, grace time.Duration) bool {
	if t.rotatedAt.IsZero() {
		return true
	}
	return now.Sub(t.rotatedAt) < grace && !slices.ContainsFunc(t.successors, func(next *refreshToken) bool { return !next.rotatedAt.IsZero() })
}

var (
	errRefreshInvalid = domain.NewError(domain.CodeRefreshInvalid)
	errRefreshReused  = domain.NewError(domain.CodeRefreshReused)
)

// StartSession implements [ports.SessionStore]. It also forgets the user's expired sessions.
func (u *Users) StartSession(ctx context.Context, read ports.StoredUser, token domain.TokenHash, ttl time.Duration) error {
	return u.with(ctx, read.Subject, func(user *user, now time.Time) error {
		if user.PasswordHash != read.PasswordHash {
			return errInvalidCredentials
		}
		user.sessions = slices.DeleteFunc(user.sessions, func(s *session) bool {
			if expired := !now.Before(s.expiresAt); !expired {
				return false
			}
			u.forget(s)
			return true
		})
		s := &session{user, map[domain.TokenHash]*refreshToken{token: {}}, now.Add(ttl)}
		user.sessions = append(user.sessions, s)
		set(&u.db.sessions, token, s)
		return nil
	})
}

// RotateSession implements [ports.SessionStore].
func (u *Users) RotateSession(ctx context.Context, token, next domain.TokenHash, grace time.Duration) (ports.StoredUser, error) {
	if err := u.db.Ready(ctx); err != nil {
		return ports.StoredUser{}, err
	}
	u.db.mu.Lock()
	defer u.db.mu.Unlock()
	s, now := u.db.sessions[token], clock(u.db.Now)
	if s == nil || !now.Before(s.expiresAt) {
		return ports.StoredUser{}, errRefreshInvalid
	}
	rotated := s.tokens[token]
	if !rotated.mayRotate(now, grace) {
		u.end(s)
		return ports.StoredUser{}, errRefreshReused
	}
	if rotated.rotatedAt.IsZero() {
		rotated.rotatedAt = now
	}
	successor := &refreshToken{}
	rotated.successors = append(rotated.successors, successor)
	s.tokens[next] = successor
	u.db.sessions[next] = s
	return s.user.StoredUser, nil
}

// EndSession implements [ports.SessionStore].
func (u *Users) EndSession(ctx context.Context, token domain.TokenHash) error {
	if err := u.db.Ready(ctx); err != nil {
		return err
	}
	u.db.mu.Lock()
	defer u.db.mu.Unlock()
	if s := u.db.sessions[token]; s != nil {
		u.end(s)
	}
	return nil
}

// EndSessions implements [ports.SessionStore].
func (u *Users) EndSessions(ctx context.Context, subject string) error {
	return u.with(ctx, subject, func(user *user, _ time.Time) error {
		u.endAll(user)
		return nil
	})
}

func (u *Users) endAll(user *user) {
	for _, s := range user.sessions {
		u.forget(s)
	}
	user.sessions = nil
}

func (u *Users) end(s *session) {
	u.forget(s)
	s.user.sessions = slices.DeleteFunc(s.user.sessions, func(other *session) bool { return other == s })
}

func (u *Users) forget(s *session) {
	for token := range s.tokens {
		delete(u.db.sessions, token)
	}
}
