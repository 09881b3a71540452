package installation

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// A maker is a role that Config.User becomes to make, grant and drop tenants'
// roles, and for nothing else. From PostgreSQL 16 on, a role keeps ADMIN on each
// role that it makes, and every GRANT reads all of these: with makers they are
// read some hundreds at a time.

// RolesOfMaker is how many roles a maker makes before the next one takes over.
const RolesOfMaker = 500

// makerLock is the transaction's advisory lock that lets one transaction at a time make
// a maker.
const makerLock = SetupLock + 1

// SetupLock is the transaction's advisory lock that lets one setup work at a time.
const SetupLock = 0x706172747977 // "partyw"

// makerOfNext returns the maker of the next tenant's role. It makes a new one where the
// newest has enough, unless another transaction does so at the moment: the creations
// beside that one go on with the newest, and wait for nothing.
func (in Installation) makerOfNext(ctx context.Context, tx *sqlx.Tx) (string, error) {
	if in.Citus {
		return ownName(ctx, tx)
	}
	newest, full, err := in.newestMaker(ctx, tx)
	if err != nil || !full {
		return in.MakerRole(newest), err
	}
	var mine bool
	if err := tx.GetContext(ctx, &mine, `SELECT pg_try_advisory_xact_lock($1)`, makerLock); err != nil || !mine {
		return in.MakerRole(newest), err
	}
	if newest, full, err = in.newestMaker(ctx, tx); err != nil || !full {
		return in.MakerRole(newest), err
	}
	return in.MakerRole(newest + 1), in.MakeMaker(ctx, tx, newest+1)
}

// newestMaker returns the number of the newest maker, and whether it has made enough.
func (in Installation) newestMaker(ctx context.Context, tx *sqlx.Tx) (number int, full bool, err error) {
	var name string
	var roles int
	err = tx.QueryRowContext(ctx, `
		SELECT newest.rolname, (SELECT count(*) FROM pg_auth_members m WHERE m.member = newest.oid AND m.admin_option)
		FROM (
			SELECT rolname, oid FROM pg_roles WHERE rolname >= $1 AND rolname < $2 -- by the index: each tenant has a role
			ORDER BY length(rolname) DESC, rolname DESC LIMIT 1
		) newest`, in.MakerPrefix(), in.MakerPrefix()+":").Scan(&name, &roles) // a colon comes after the digits
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, pg.Refusal(pg.CodeBehind, nil, "the role %q is missing: run setup, which makes it", in.MakerRole(0))
	}
	if err != nil {
		return 0, false, err
	}
	number, err = strconv.Atoi(strings.TrimPrefix(name, in.MakerPrefix()))
	return number, roles >= RolesOfMaker, err
}

// MakeMaker makes the role, which Config.User may become and doesn't inherit from.
func (in Installation) MakeMaker(ctx context.Context, tx *sqlx.Tx, number int) error {
	_, err := tx.ExecContext(ctx, pg.Fill(`
		CREATE ROLE {maker} NOLOGIN CREATEROLE NOINHERIT;
		GRANT {maker} TO CURRENT_USER`+in.SetOnly(), map[string]string{"maker": in.MakerRole(number)}))
	return err
}

// SetOnly is [Installation.OnlyToBecome] for Config.User, which has ADMIN on what it made anyway.
func (in Installation) SetOnly() string {
	if in.Version < 160000 {
		return ""
	}
	return " WITH INHERIT FALSE, SET TRUE"
}

// MakerOf returns the role that may drop a tenant's role: its maker, or Config.User
// where a program without makers made it.
func (in Installation) MakerOf(ctx context.Context, tx *sqlx.Tx, role string) (string, error) {
	if in.Citus {
		return ownName(ctx, tx)
	}
	var found struct {
		Maker *string
		Super bool
		Own   string
	}
	err := tx.GetContext(ctx, &found, `
		SELECT rolsuper AS super, rolname AS own, (
			SELECT maker.rolname FROM pg_auth_members m
			JOIN pg_roles role ON role.oid = m.roleid JOIN pg_roles maker ON maker.oid = m.member
			WHERE role.rolname = $1 AND m.admin_option AND (maker.rolname = CURRENT_USER OR starts_with(maker.rolname, $2))
			ORDER BY maker.rolname = CURRENT_USER, maker.rolname LIMIT 1
		) AS maker FROM pg_roles WHERE rolname = CURRENT_USER`, role, in.MakerPrefix())
	switch {
	case err != nil:
		return "", err
	case found.Maker != nil:
		return *found.Maker, nil
	case found.Super:
		return found.Own, nil
	case in.Version < 160000: // each role with CREATEROLE may drop it
		return in.MakerRole(0), nil
	}
	return "", pg.Forbidden(nil, "no role of ours may drop %q: run setup, which says what to grant", role)
}
