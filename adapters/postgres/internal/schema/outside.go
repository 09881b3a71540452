package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// A file that runs outside of a transaction can break off between two statements, or
// within one, where CREATE INDEX CONCURRENTLY leaves an invalid index. So each of its
// statements is recorded in partywall.migrations_begun before it runs, and the next
// attempt continues there. The caller holds the tenant's lease meanwhile.

// Outside reports whether a migration runs outside of a transaction.
func (m Migration) Outside() bool { return len(m.indexes) > 0 }

// NeedsOutside returns a migration of the set above a number that runs outside of a
// transaction, or "".
func (s Set) NeedsOutside(above int64) (file string) {
	for _, m := range s.Migrations {
		if m.Outside() && m.number > above {
			return s.File(m)
		}
	}
	return ""
}

// Waits are how long statements wait for a lock.
type Waits struct {
	Lock       time.Duration
	Concurrent time.Duration // of those that hold nothing up meanwhile
}

// outside is a run of a file outside of a transaction.
type outside struct {
	conn   *sqlx.Conn
	on     Target
	next   Missing
	tenant string // "" where the file is shared
	waits  Waits

	begun    int  // the statement, from 1, that an earlier attempt began; 0: none
	leftover bool // an earlier attempt may have left an invalid index
}

// RunOutside runs a migration outside of any transaction, on a connection of its own
// as Config.User, and records it in the transaction tx, which holds the tenant's lease.
func (t Target) RunOutside(ctx context.Context, cfg pg.Config, tx *sqlx.Tx, next Missing, tenant string, waits Waits) error {
	// A statement with arguments leaves its snapshot behind until the next message, and
	// CREATE INDEX CONCURRENTLY waits for older snapshots.
	if _, err := tx.ExecContext(ctx, "SELECT"); err != nil {
		return err
	}
	db := pg.Connect(cfg, cfg.User)
	defer func() { _ = db.Close() }()
	conn, err := db.Connx(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	o := &outside{conn: conn, on: t, next: next, tenant: tenant, waits: waits}
	if err := o.run(ctx); err != nil {
		return next.Failed(ctx, err)
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM partywall.migrations_begun WHERE set = %s AND tenant = %s AND number = %d; %s`,
		pq.QuoteLiteral(next.Set.Name), pq.QuoteLiteral(tenant), next.Migration.number, next.record(tenant)))
	return err
}

func (o *outside) run(ctx context.Context) error {
	if err := o.resume(ctx); err != nil {
		return err
	}
	for i, statement := range o.next.Migration.indexes {
		number := i + 1
		if number < o.begun {
			continue
		}
		if err := o.one(ctx, statement, number); err != nil {
			return err
		}
	}
	return nil
}

// resume sets the session up, on a path that no function can shadow first, and reads
// how far an earlier attempt came. Of another text of the file, nothing counts but
// the indexes that it left.
func (o *outside) resume(ctx context.Context) error {
	if err := o.send(ctx, "SET search_path = "+pg.OwnPath+"; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET default_transaction_read_only = off"); err != nil {
		return err
	}
	var found []struct {
		Statement int
		Checksum  string
	}
	err := o.conn.SelectContext(ctx, &found, `SELECT statement, checksum FROM partywall.migrations_begun WHERE set = $1 AND tenant = $2 AND number = $3`, o.next.Set.Name, o.tenant, o.next.Migration.number)
	if err != nil || len(found) == 0 {
		return err
	}
	o.leftover = true
	if found[0].Checksum == o.next.Migration.checksum {
		o.begun = found[0].Statement
	}
	return nil
}

// one runs a statement, unless an earlier attempt did.
func (o *outside) one(ctx context.Context, s indexStatement, number int) error {
	state, err := o.look(ctx, s)
	if err != nil {
		return err
	}
	switch {
	case number == o.begun && s.achieved(state):
		return nil
	case number == o.begun:
	case s.verb == "CREATE" && state.Valid && !s.unlessExists:
		return fmt.Errorf("the index %s exists already, and not by this file: drop or rename it, or write CREATE INDEX ... IF NOT EXISTS", s.name)
	}
	if s.verb == "CREATE" && state.Exists && !state.Valid {
		if err := o.dropInvalid(ctx, s, state); err != nil {
			return err
		}
	}
	if err := o.begin(ctx, number); err != nil {
		return err
	}
	if err := o.execute(ctx, s); err != nil {
		return err
	}
	if state, err = o.look(ctx, s); err == nil && s.verb == "CREATE" && !state.Valid {
		err = fmt.Errorf("the index %s is not valid after CREATE INDEX: drop it", s.name)
	}
	return err
}

// indexState is what the catalogue has of an index.
type indexState struct {
	Exists, Valid bool
	Partitioned   bool // of a partitioned table, or of one of its partitions
}

// achieved reports whether the statement has nothing left to do.
func (s indexStatement) achieved(state indexState) bool {
	switch s.verb {
	case "CREATE":
		return state.Valid
	case "DROP":
		return !state.Exists
	}
	return false
}

// look reads the state of the statement's index. PostgreSQL resolves the name as the
// statement does, in the schema of the target alone.
func (o *outside) look(ctx context.Context, s indexStatement) (state indexState, err error) {
	if s.verb == "REINDEX" {
		return state, nil
	}
	err = o.conn.GetContext(ctx, &state, `
		SELECT count(*) > 0 AS exists, coalesce(bool_and(i.indisvalid), false) AS valid,
			coalesce(bool_or(c.relkind = 'I' OR c.relispartition), false) AS partitioned
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
		WHERE n.nspname = $1 AND c.relname = (parse_ident($2))[1]`, o.on.schema, s.name)
	return state, err
}

// dropInvalid drops what an earlier attempt left of an index. That of a partitioned
// table is invalid until each partition has one, and is nothing that this file left.
func (o *outside) dropInvalid(ctx context.Context, s indexStatement, state indexState) error {
	if !o.leftover || state.Partitioned {
		return fmt.Errorf("the index %s exists already and is not valid: complete or drop it", s.name)
	}
	return o.within(ctx, o.waits.Concurrent, "DROP INDEX CONCURRENTLY IF EXISTS "+s.name)
}

// begin records that the statement is about to run.
func (o *outside) begin(ctx context.Context, number int) error {
	_, err := o.conn.ExecContext(ctx, `
		INSERT INTO partywall.migrations_begun (set, tenant, number, checksum, statement) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant, set, number) DO UPDATE SET checksum = excluded.checksum, statement = excluded.statement`,
		o.next.Set.Name, o.tenant, o.next.Migration.number, o.next.Migration.checksum, number)
	o.leftover = true
	return err
}

func (o *outside) execute(ctx context.Context, s indexStatement) error {
	wait := o.waits.Lock
	if s.concurrently {
		wait = o.waits.Concurrent
	}
	return o.within(ctx, wait, o.next.Migration.sql[s.from:s.to])
}

// within runs a statement as the only one of its message, on the target's path.
func (o *outside) within(ctx context.Context, lockWait time.Duration, statement string) error {
	if err := o.send(ctx, "SET search_path = "+o.on.path+"; SET lock_timeout = "+pg.Milliseconds(lockWait)); err != nil {
		return err
	}
	var reached bool
	err := o.conn.GetContext(ctx, &reached, `SELECT NOT (`+o.on.missed()+`)`)
	if err == nil && !reached {
		err = &pq.Error{Code: stateNotThere, Message: o.on.schema}
	}
	if err == nil {
		err = o.send(ctx, statement)
	}
	return errors.Join(err, o.send(ctx, "SET search_path = "+pg.OwnPath+"; SET lock_timeout = 0"))
}

func (o *outside) send(ctx context.Context, message string) error {
	_, err := o.conn.ExecContext(ctx, message)
	return err
}
