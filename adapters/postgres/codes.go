package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// IssueCode implements [ports.CodeStore].
func (u *Users) IssueCode(ctx context.Context, subject string, code ports.StoredCode) error {
	return u.write(ctx, "issue a code", func(ctx context.Context, tx *sqlx.Tx) error { return issue(ctx, tx, subject, code) })
}

func issue(ctx context.Context, tx *sqlx.Tx, subject string, code ports.StoredCode) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.codes (subject, purpose, hash, expires_at, attempts_left)
		VALUES ($1, $2, $3, now() + $4 * interval '1 microsecond', $5)
		ON CONFLICT (subject, purpose) DO UPDATE
		SET hash = excluded.hash, expires_at = excluded.expires_at, attempts_left = excluded.attempts_left`,
		subject, string(code.Purpose), code.Hash[:], code.TTL.Microseconds(), code.Attempts)
	return err
}

// Confirm implements [ports.CodeStore].
func (u *Users) Confirm(ctx context.Context, subject string, code domain.TokenHash) error {
	return u.spend(ctx, subject, ports.ConfirmAddress, code, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE partywall.users SET confirmed = true WHERE subject = $1`, subject)
		if err != nil {
			return err
		}
		return endAllBefore(ctx, tx, subject, domain.TokenHash{})
	})
}

// ResetPassword implements [ports.CodeStore].
func (u *Users) ResetPassword(ctx context.Context, subject string, code domain.TokenHash, passwordHash string) error {
	return u.spend(ctx, subject, ports.ResetPassword, code, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE partywall.users SET confirmed = true, password_hash = $2 WHERE subject = $1`, subject, passwordHash)
		if err != nil {
			return err
		}
		return endAllBefore(ctx, tx, subject, domain.TokenHash{})
	})
}

// endAllBefore ends what the user has but for one code. The caller has taken the
// user's row: a sign-in by the old password that runs at the same time has either
// started its session or will be refused.
func endAllBefore(ctx context.Context, tx *sqlx.Tx, subject string, keep domain.TokenHash) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM partywall.codes WHERE subject = $1 AND hash <> $2`, subject, keep[:]); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE partywall.sessions SET ended = true WHERE subject = $1`, subject)
	return err
}

// spend runs then if the code is right, and counts it if it's wrong: that too is committed.
func (u *Users) spend(ctx context.Context, subject string, purpose ports.CodePurpose, code domain.TokenHash, then func(ctx context.Context, tx *sqlx.Tx) error) error {
	right := false
	err := u.write(ctx, "spend a code", func(ctx context.Context, tx *sqlx.Tx) (err error) {
		right, err = try(ctx, tx, subject, purpose, code)
		if err != nil || !right {
			return err
		}
		return then(ctx, tx)
	})
	if err == nil && !right {
		return domain.NewError(domain.CodeCodeInvalid)
	}
	return err
}

// try spends the user's code if it's right. Of many who try at once each sees
// what the one before left.
func try(ctx context.Context, tx *sqlx.Tx, subject string, purpose ports.CodePurpose, code domain.TokenHash) (right bool, err error) {
	err = tx.GetContext(ctx, &right, `
		UPDATE partywall.codes SET attempts_left = attempts_left - (hash <> $3)::int
		WHERE subject = $1 AND purpose = $2 AND attempts_left >= 0 AND expires_at > now()
		RETURNING hash = $3`, subject, string(purpose), code[:])
	if errors.Is(err, sql.ErrNoRows) {
		return false, mustExist(ctx, tx, subject)
	}
	if err != nil || !right {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM partywall.codes WHERE subject = $1 AND purpose = $2`, subject, string(purpose))
	return err == nil, err
}

// mustExist refuses a subject that no user has.
func mustExist(ctx context.Context, tx *sqlx.Tx, subject string) error {
	var exists bool
	err := tx.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM partywall.users WHERE subject = $1)`, subject)
	if err == nil && !exists {
		return ports.ErrNoUser
	}
	return err
}
