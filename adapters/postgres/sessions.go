package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// StartSession implements [ports.SessionStore].
func (u *Users) StartSession(ctx context.Context, user ports.StoredUser, token domain.TokenHash, ttl time.Duration) error {
	return u.write(ctx, "start a session", func(ctx context.Context, tx *sqlx.Tx) error {
		started, err := tx.ExecContext(ctx, `
			WITH unchanged AS (
				SELECT subject FROM partywall.users WHERE subject = $1 AND password_hash = $2 FOR SHARE
			), session AS (
				INSERT INTO partywall.sessions (subject, expires_at)
				SELECT subject, now() + $4 * interval '1 microsecond' FROM unchanged
				RETURNING id
			)
			INSERT INTO partywall.refresh_tokens (hash, session) SELECT $3, id FROM session`,
			user.Subject, user.PasswordHash, token[:], ttl.Microseconds())
		if err != nil {
			return err
		}
		if n, err := started.RowsAffected(); n > 0 || err != nil {
			return err
		}
		if err := mustExist(ctx, tx, user.Subject); err != nil {
			return err
		}
		return domain.NewError(domain.CodeInvalidCredentials).WithMessage("the password was reset a moment ago")
	})
}

// RotateSession implements [ports.SessionStore].
func (u *Users) RotateSession(ctx context.Context, token, next domain.TokenHash, grace time.Duration) (ports.StoredUser, error) {
	var user ports.StoredUser
	reused := false
	err := u.write(ctx, "rotate a session", func(ctx context.Context, tx *sqlx.Tx) (err error) {
		user, err = rotate(ctx, tx, token, next, grace)
		if errors.Is(err, sql.ErrNoRows) {
			reused, err = endReused(ctx, tx, token)
		}
		return err
	})
	switch {
	case err != nil:
		return ports.StoredUser{}, err
	case reused:
		return ports.StoredUser{}, errRefresh(domain.CodeRefreshReused, "the refresh token was used before: the session has ended, sign in again")
	case user.Subject == "":
		return ports.StoredUser{}, errRefresh(domain.CodeRefreshInvalid, "the refresh token is unknown, expired or ended: sign in again")
	}
	return user, nil
}

// rotate adds next to token's family and returns whose it is. [sql.ErrNoRows] is
// a token that can't be rotated, or not again: of many at once the first marks
// it, and the others wait and find the mark. It asks for the time when the row is
// its own: the transaction's is older than a mark that it waited for. A mark of
// the releases that knew no grace has no time.
func rotate(ctx context.Context, tx *sqlx.Tx, token, next domain.TokenHash, grace time.Duration) (ports.StoredUser, error) {
	return scanUser(tx.QueryRowContext(ctx, `
		WITH live AS (
			UPDATE partywall.refresh_tokens r SET rotated = true, rotated_at = coalesce(r.rotated_at, clock_timestamp())
			FROM partywall.sessions s
			WHERE r.hash = $1 AND s.id = r.session AND NOT s.ended AND s.expires_at > now()
			AND (NOT r.rotated
				OR r.rotated_at > clock_timestamp() - $3 * interval '1 microsecond'
				AND NOT EXISTS (SELECT FROM partywall.refresh_tokens n WHERE n.session = r.session AND n.predecessor = r.hash AND n.rotated))
			RETURNING s.id, s.subject
		), next AS (
			INSERT INTO partywall.refresh_tokens (hash, session, predecessor) SELECT $2, id, $1 FROM live
		)
		`+userColumns+` JOIN live USING (subject)`, token[:], next[:], grace.Microseconds()))
}

// endReused ends the session of a token that was rotated before and may not be
// again, and reports whether this one was.
func endReused(ctx context.Context, tx *sqlx.Tx, token domain.TokenHash) (bool, error) {
	ended, err := tx.ExecContext(ctx, `
		UPDATE partywall.sessions s SET ended = true FROM partywall.refresh_tokens r
		WHERE r.hash = $1 AND r.rotated AND s.id = r.session AND NOT s.ended AND s.expires_at > now()`, token[:])
	if err != nil {
		return false, err
	}
	n, err := ended.RowsAffected()
	return n > 0, err
}

// EndSession implements [ports.SessionStore].
func (u *Users) EndSession(ctx context.Context, token domain.TokenHash) error {
	return u.write(ctx, "end a session", func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE partywall.sessions SET ended = true
			WHERE id = (SELECT session FROM partywall.refresh_tokens WHERE hash = $1)`, token[:])
		return err
	})
}

// EndSessions implements [ports.SessionStore].
func (u *Users) EndSessions(ctx context.Context, subject string) error {
	return u.write(ctx, "end all sessions", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := mustExist(ctx, tx, subject); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE partywall.sessions SET ended = true WHERE subject = $1`, subject)
		return err
	})
}

func errRefresh(code domain.Code, message string) *domain.Error {
	return domain.Errorf(domain.Unauthenticated, "%s", message).WithCode(code)
}
