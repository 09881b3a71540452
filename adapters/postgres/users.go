package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Users keeps the users of the built-in identity provider. It implements
// [ports.UserStore].
type Users struct{ db *DB }

var _ ports.UserStore = (*Users)(nil)

// Users returns the users of the built-in identity provider.
func (db *DB) Users() *Users { return &Users{db} }

// write runs fn in a transaction of the system's login: outside of one,
// database/sql repeats a statement whose connection was cut.
func (u *Users) write(ctx context.Context, what string, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	logins, err := u.db.logins()
	if err == nil {
		err = logins.System.InScope(ctx, u.db.cfg.OwnScope(), fn)
	}
	if pg.SQLState(err) == pqerror.ForeignKeyViolation {
		return ports.ErrNoUser
	}
	return pg.Translate(ctx, err, what)
}

// CreateUser implements [ports.AccountStore].
func (u *Users) CreateUser(ctx context.Context, user ports.StoredUser, code *ports.StoredCode) error {
	return u.write(ctx, "create a user", func(ctx context.Context, tx *sqlx.Tx) error {
		inserted, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed)
			SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM partywall.users WHERE email_key = $6)
			ON CONFLICT (email_key) DO NOTHING`,
			user.Subject, user.Email.String(), user.Email.Key(), user.PasswordHash, user.Confirmed, user.Email.UnicodeKey())
		if err != nil {
			return err
		}
		if n, err := inserted.RowsAffected(); n == 0 || err != nil {
			return errors.Join(err, errUserExists())
		}
		if code == nil {
			return nil
		}
		return issue(ctx, tx, user.Subject, *code)
	})
}

// RenewSignUp implements [ports.AccountStore]. It takes the code's row before the
// user's, as spending a code does.
func (u *Users) RenewSignUp(ctx context.Context, user ports.StoredUser, code ports.StoredCode) error {
	return u.write(ctx, "renew a sign-up", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := issue(ctx, tx, user.Subject, code); err != nil {
			return err
		}
		renewed, err := tx.ExecContext(ctx, `
			UPDATE partywall.users SET email = $2, password_hash = $3, created_at = now()
			WHERE subject = $1 AND NOT confirmed`, user.Subject, user.Email.String(), user.PasswordHash)
		if err != nil {
			return err
		}
		if n, err := renewed.RowsAffected(); n == 0 || err != nil {
			return errors.Join(err, errUserExists())
		}
		return endAllBefore(ctx, tx, user.Subject, code.Hash)
	})
}

// RemoveUnconfirmed implements [ports.AccountStore].
func (u *Users) RemoveUnconfirmed(ctx context.Context, age time.Duration) (int, error) {
	removed := 0
	err := u.write(ctx, "remove unconfirmed users", func(ctx context.Context, tx *sqlx.Tx) error {
		gone, err := tx.ExecContext(ctx, `
			DELETE FROM partywall.users u
			WHERE NOT u.confirmed AND u.created_at < now() - $1 * interval '1 microsecond'
			AND NOT EXISTS (SELECT FROM partywall.memberships m WHERE m.subject = u.subject)`, age.Microseconds())
		if err != nil {
			return err
		}
		n, err := gone.RowsAffected()
		removed = int(n)
		return err
	})
	return removed, err
}

// UserByEmail implements [ports.AccountStore]. Releases that compared domains as they
// were written may have made a user of either spelling of one address: then the one
// that is confirmed has it, and else the older one.
func (u *Users) UserByEmail(ctx context.Context, email domain.Email) (ports.StoredUser, error) {
	return u.find(ctx, `email_key IN ($1, $2) ORDER BY confirmed DESC, created_at LIMIT 1`, email.Key(), email.UnicodeKey())
}

// UserBySubject implements [ports.AccountStore].
func (u *Users) UserBySubject(ctx context.Context, subject string) (ports.StoredUser, error) {
	return u.find(ctx, `subject = $1`, subject)
}

func (u *Users) find(ctx context.Context, condition string, values ...any) (ports.StoredUser, error) {
	logins, err := u.db.logins()
	if err != nil {
		return ports.StoredUser{}, pg.Translate(ctx, err, "find a user")
	}
	user, err := pg.One(ctx, logins.System, scanUser, userColumns+` WHERE `+condition, values...)
	if errors.Is(err, sql.ErrNoRows) {
		return ports.StoredUser{}, ports.ErrNoUser
	}
	return user, pg.Translate(ctx, err, "find a user")
}

const userColumns = `SELECT subject, email, password_hash, confirmed, created_at FROM partywall.users`

func scanUser(row pg.Scanner) (user ports.StoredUser, err error) {
	var email string
	if err := row.Scan(&user.Subject, &email, &user.PasswordHash, &user.Confirmed, &user.CreatedAt); err != nil {
		return ports.StoredUser{}, err
	}
	user.CreatedAt = user.CreatedAt.UTC()
	user.Email, _ = domain.ParseEmail(email) // zero: an earlier release accepted the address
	return user, nil
}

func errUserExists() *domain.Error { return domain.NewError(domain.CodeUserExists) }
