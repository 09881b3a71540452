package inspection

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

// Origin is where the installation's roles are used.
type Origin struct {
	Recorded *int64 // the OID in the installation's row; nil: an older release set it up
	Current  int64  // the OID of this database
	Others   []otherDatabase
}

// IsCopy reports whether the roles are another database's. Where an older release
// recorded no OID, they are the oldest database's.
func (o Origin) IsCopy() bool {
	switch {
	case len(o.Others) == 0:
		return false
	case o.Recorded == nil:
		return o.Others[0].OID < o.Current
	}
	return *o.Recorded != o.Current
}

// Names returns those of the other databases, for the operator.
func (o Origin) Names() string {
	names := make([]string, len(o.Others))
	for i, other := range o.Others {
		names[i] = other.Name
	}
	return pg.FirstFew(names)
}

// Refuse returns the error of a copy.
func (o Origin) Refuse(cfg pg.Config, in installation.Installation) error {
	if !o.IsCopy() {
		return nil
	}
	return pg.Refusal(pg.CodeCopy, nil, "the database %q is a copy of %s on the same server and would share its roles %s*: %s to give it a name and roles of its own, or drop %s if this database replaces it",
		cfg.Database, o.Names(), in.Prefix(), cfg.SetUpCopy(), o.Names())
}

// Sharing returns what it means for the original that other databases use its roles.
func (o Origin) Sharing() string {
	return "other databases on this server use the roles of this installation: " + o.Names() + "; while they do, no tenant's role can be dropped"
}

// EndSharing returns how the operator ends that.
func (o Origin) EndSharing(cfg pg.Config) string {
	return "drop the copy, or give it roles of its own: set DB_NAME=" + o.Others[0].Name + ", and " + cfg.SetUpCopy()
}

// otherDatabase is one on the same server that uses roles of this installation.
type otherDatabase struct {
	OID  int64
	Name string
}

// ReadOrigin reads the other databases in which the installation's roles have grants or
// own objects. It reads pg_shdepend, which every login may read.
func ReadOrigin(ctx context.Context, tx *sqlx.Tx, in installation.Installation) (o Origin, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT i.database_oid::bigint, d.oid::bigint
		FROM partywall.installation i, pg_database d WHERE d.datname = current_database()`).Scan(&o.Recorded, &o.Current)
	if err != nil || !in.Roles {
		return o, err
	}
	// Two parts rather than an OR, so that no row about this database is joined: there
	// are some for each tenant.
	err = tx.SelectContext(ctx, &o.Others, `
		WITH other AS (
			SELECT oid, datname FROM pg_database WHERE datname <> current_database()
		), used AS (
			SELECT d.oid, d.datname, s.refobjid FROM other d JOIN pg_shdepend s ON s.dbid = d.oid
			WHERE s.refclassid = 'pg_authid'::regclass
			UNION ALL
			SELECT d.oid, d.datname, s.refobjid FROM other d JOIN pg_shdepend s ON s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid
			WHERE s.refclassid = 'pg_authid'::regclass
		)
		SELECT DISTINCT u.oid::bigint AS oid, u.datname AS name FROM used u JOIN pg_roles r ON r.oid = u.refobjid
		WHERE starts_with(r.rolname, $1) ORDER BY 1`, in.Prefix())
	return o, err
}
