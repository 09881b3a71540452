package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// Roles belong to the server, and the installation's name, which theirs are made
// of, travels with a copy of its database. On the same server both would set the
// passwords of the same logins and make and drop the same roles. So the
// installation's row keeps the OID of its database, which no copy has.

// origin is where the installation's roles are used.
type origin struct {
	recorded *int64 // the OID in the installation's row; nil: an older release set it up
	current  int64  // the OID of this database
	others   []otherDatabase
}

// isCopy reports whether the roles are another database's. Where an older release
// recorded no OID, they are the oldest database's.
func (o origin) isCopy() bool {
	switch {
	case len(o.others) == 0:
		return false
	case o.recorded == nil:
		return o.others[0].OID < o.current
	}
	return *o.recorded != o.current
}

// names are those of the other databases, for the operator.
func (o origin) names() string {
	names := make([]string, len(o.others))
	for i, other := range o.others {
		names[i] = other.Name
	}
	return pg.FirstFew(names)
}

// refuse is what a copy gets.
func (o origin) refuse(cfg pg.Config, in installation.Installation) error {
	if !o.isCopy() {
		return nil
	}
	return pg.Refusal(pg.CodeCopy, nil, "the database %q is a copy of %s on the same server and would share its roles %s*: %s to give it a name and roles of its own, or drop %s if this database replaces it",
		cfg.Database, o.names(), in.Prefix(), cfg.SetUpCopy(), o.names())
}

// sharing says what it means to the original that other databases use its roles.
func (o origin) sharing() string {
	return "other databases on this server use the roles of this installation: " + o.names() + "; while they do, no tenant's role can be dropped"
}

// endSharing says how the operator ends that.
func (o origin) endSharing(cfg pg.Config) string {
	return "drop the copy, or give it roles of its own: set DB_NAME=" + o.others[0].Name + ", and " + cfg.SetUpCopy()
}

// otherDatabase is one on the same server that uses roles of this installation.
type otherDatabase struct {
	OID  int64
	Name string
}

// readOrigin asks pg_shdepend, which every login may read, which other databases
// have grants to, or belongings of, the installation's roles.
func readOrigin(ctx context.Context, tx *sqlx.Tx, in installation.Installation) (o origin, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT i.database_oid::bigint, d.oid::bigint
		FROM partywall.installation i, pg_database d WHERE d.datname = current_database()`).Scan(&o.recorded, &o.current)
	if err != nil || !in.Roles {
		return o, err
	}
	err = tx.SelectContext(ctx, &o.others, `
		SELECT DISTINCT d.oid::bigint AS oid, d.datname AS name
		FROM pg_roles r
		JOIN pg_shdepend s ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
		JOIN pg_database d ON d.oid = s.dbid OR s.classid = 'pg_database'::regclass AND d.oid = s.objid
		WHERE starts_with(r.rolname, $1) AND d.datname <> current_database()
		ORDER BY 1`, in.Prefix())
	return o, err
}
