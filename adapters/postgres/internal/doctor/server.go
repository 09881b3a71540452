package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/internal/skew"
	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

func (c *checker) clock(ctx context.Context) (doctor.Finding, error) {
	var theirs time.Time
	before := c.now()
	err := c.readOne(ctx, &theirs, `SELECT clock_timestamp()`)
	return skew.Compare("the database", theirs, before, c.now(), 0), err
}

func (c *checker) serverVersion(ctx context.Context) (doctor.Finding, error) {
	var number int
	if err := c.readOne(ctx, &number, `SELECT current_setting('server_version_num')::int`); err != nil {
		return doctor.Finding{}, err
	}
	version := fmt.Sprintf("PostgreSQL %d.%d", number/10000, number%10000)
	if number < inspection.MinVersion {
		return doctor.Fail(version+" is too old", "upgrade the server to PostgreSQL 15 or later; on RDS: aws rds modify-db-instance --engine-version 17 --allow-major-version-upgrade"), nil
	}
	return doctor.Pass(version), nil
}

func (c *checker) writable(ctx context.Context) (doctor.Finding, error) {
	var found struct{ Replica, ReadOnly bool }
	if err := c.readOne(ctx, &found, `SELECT pg_is_in_recovery() AS replica, current_setting('default_transaction_read_only')::bool AS readonly`); err != nil {
		return doctor.Finding{}, err
	}
	switch {
	case found.Replica:
		return doctor.Fail(c.cfg.Host+" is a replica, which takes no writes", "set DB_HOST to the primary; on Aurora, to the cluster's endpoint, not the reader's"), nil
	case found.ReadOnly:
		return doctor.Fail("default_transaction_read_only is on", pg.Fill("run as the database's owner: SET default_transaction_read_only = off; ALTER DATABASE {database} RESET default_transaction_read_only", c.names())+"; where the user or the server has it, take it away there"), nil
	}
	return doctor.Pass("the database takes writes"), nil
}

func (c *checker) encoding(ctx context.Context) (doctor.Finding, error) {
	var encoding string
	if err := c.readOne(ctx, &encoding, `SELECT current_setting('server_encoding')`); err != nil {
		return doctor.Finding{}, err
	}
	if encoding != "UTF8" {
		return doctor.Fail("the database is in "+encoding, inspection.UseUTF8(c.cfg)), nil
	}
	return doctor.Pass("the database is in " + encoding), nil
}

func (c *checker) connections(ctx context.Context) (doctor.Finding, error) {
	if c.pooler {
		return doctor.Pass("DB_MAX_CONNS connections go to the pooler, which distributes those of the server"), nil
	}
	var found struct {
		Most     int
		Reserved int
		Limit    int // of the database and the user; -1: none
	}
	if err := c.readOne(ctx, &found, `
		SELECT current_setting('max_connections')::int AS most,
			current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
			coalesce((SELECT min(l) FROM unnest(ARRAY[d.datconnlimit, r.rolconnlimit]) l WHERE l >= 0), -1) AS limit
		FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user`); err != nil {
		return doctor.Finding{}, err
	}
	free := found.Most - found.Reserved
	if found.Limit >= 0 {
		free = min(free, found.Limit)
	}
	what := fmt.Sprintf("DB_MAX_CONNS=%d, and the server takes %d", c.cfg.MaxConns, free)
	fix := fmt.Sprintf("set DB_MAX_CONNS to %d at most for each process, or raise max_connections", max(3, free/2))
	switch {
	case c.cfg.MaxConns > free:
		return doctor.Fail(what, fix), nil
	case 2*c.cfg.MaxConns > free:
		return doctor.Warn(what+": no room for a second process, as in an upgrade", fix), nil
	}
	return doctor.Pass(what), nil
}

func (c *checker) durability(ctx context.Context) (doctor.Finding, error) {
	var off []string
	if err := c.readAll(ctx, &off, `
		SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name`); err != nil {
		return doctor.Finding{}, err
	}
	if len(off) > 0 {
		return doctor.Fail("a crash of the server loses what was acknowledged: off are "+strings.Join(off, ", "), "turn them on in the parameter group, or run as a superuser: ALTER SYSTEM RESET "+off[0]+" and the like, then SELECT pg_reload_conf(); where the database or a user has such a setting, ALTER DATABASE or ALTER ROLE ... RESET it"), nil
	}
	return doctor.Pass("what was acknowledged survives a crash"), nil
}

func (c *checker) passwordEncryption(ctx context.Context) (doctor.Finding, error) {
	var method string
	if err := c.readOne(ctx, &method, `SELECT current_setting('password_encryption')`); err != nil {
		return doctor.Finding{}, err
	}
	if method != "scram-sha-256" {
		return doctor.Warn("new passwords are kept as "+method, "set password_encryption=scram-sha-256 in the parameter group, then give DB_USER its password again"), nil
	}
	return doctor.Pass("passwords are kept as " + method), nil
}

func (c *checker) forceSSL(ctx context.Context) (doctor.Finding, error) {
	var value string
	if err := c.readOne(ctx, &value, `SELECT coalesce(current_setting('rds.force_ssl', true), '')`); err != nil {
		return doctor.Finding{}, err
	}
	switch value {
	case "":
		return doctor.Pass("this server has no rds.force_ssl"), nil
	case "0", "off":
		return doctor.Warn("the server takes connections without TLS", "set rds.force_ssl=1: aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters ParameterName=rds.force_ssl,ParameterValue=1,ApplyMethod=immediate"), nil
	}
	return doctor.Pass("the server takes no connection without TLS"), nil
}

func (c *checker) statementLog(ctx context.Context) (doctor.Finding, error) {
	var found struct {
		Statements string
		Slow       int // milliseconds; -1: none
		Parameters int // bytes; -1: all
	}
	if err := c.readOne(ctx, &found, `
		SELECT current_setting('log_statement') AS statements,
			(SELECT setting::int FROM pg_settings WHERE name = 'log_min_duration_statement') AS slow,
			(SELECT setting::int FROM pg_settings WHERE name = 'log_parameter_max_length') AS parameters`); err != nil {
		return doctor.Finding{}, err
	}
	switch {
	case found.Statements == "mod" || found.Statements == "all":
		return doctor.Warn("the server's log shows tenants' data: log_statement="+found.Statements, "set log_statement=ddl in the parameter group"), nil
	case found.Slow >= 0 && found.Parameters != 0:
		return doctor.Warn("the server's log shows the arguments of slow statements, e-mail addresses among them", "set log_parameter_max_length=0 in the parameter group"), nil
	}
	return doctor.Pass("the log shows no arguments"), nil
}

// locks compares what pg_dump locks at once with what the server has room for.
func (c *checker) locks(ctx context.Context) (doctor.Finding, error) {
	var found lockRoom
	if err := c.readOne(ctx, &found, `
		WITH sessions AS (SELECT current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int AS n)
		SELECT (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'S') AND relpersistence <> 't') AS relations,
			current_setting('max_locks_per_transaction')::int AS each, n AS sessions
		FROM sessions`); err != nil {
		return doctor.Finding{}, err
	}
	return found.judge(), nil
}

// lockRoom is how many tables and sequences there are, and for how many locks the server
// has room: so many for each of its sessions.
type lockRoom struct{ Relations, Each, Sessions int }

func (l lockRoom) judge() doctor.Finding {
	room := l.Each * l.Sessions
	what := fmt.Sprintf("pg_dump locks %d tables and sequences at once, and the server has room for %d locks", l.Relations, room)
	if l.Relations*5 > room*4 {
		return doctor.Warn(what, fmt.Sprintf("set max_locks_per_transaction to %d or more, and restart the server", max(2*l.Each, 2*l.Relations/l.Sessions)))
	}
	return doctor.Pass(what)
}

// preparedTransactions looks whether a scope can be left by PREPARE TRANSACTION. What it
// prepares holds its locks, and keeps the server from vacuuming, until it is ended by hand.
func (c *checker) preparedTransactions(ctx context.Context) (doctor.Finding, error) {
	var found struct {
		Most int
		Left []byte
	}
	if err := c.readOne(ctx, &found, fmt.Sprintf(`
		SELECT current_setting('max_prepared_transactions')::int AS most, coalesce((
			SELECT convert_to(min(gid), 'UTF8') FROM pg_prepared_xacts
			WHERE database = current_database() AND (owner = current_user OR owner LIKE 'pw\_%s\_t\_%%') AND gid NOT LIKE 'citus\_%%'
		), '') AS left`, c.in.Name)); err != nil {
		return doctor.Finding{}, err
	}
	switch {
	case len(found.Left) > 0:
		return doctor.Warn(fmt.Sprintf("SQL inside a tenant left the prepared transaction %q", found.Left), "end it as a superuser, in this database: ROLLBACK PREPARED "+pq.QuoteLiteral(string(found.Left))), nil
	case found.Most > 0 && !c.in.Citus: // whose nodes commit by them
		return doctor.Warn(fmt.Sprintf("SQL inside a tenant can leave prepared transactions, which hold their locks: max_prepared_transactions=%d", found.Most), "set max_prepared_transactions=0, and restart the server"), nil
	}
	return doctor.Pass("no prepared transaction was left"), nil
}

// extensions finds those that are not on a tenant's path: a file that makes one of
// them IF NOT EXISTS does nothing, and what it uses of it is missing.
func (c *checker) extensions(ctx context.Context) (doctor.Finding, error) {
	var found []string
	err := c.readAll(ctx, &found, inspection.StrayExtensions)
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(found) > 0 {
		return doctor.Warn("extensions lie in the schema public, where no tenant finds them: "+pg.FirstFew(found), inspection.MoveExtension(found[0])), nil
	}
	return doctor.Pass("no extension lies where tenants don't find it"), nil
}
