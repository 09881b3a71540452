package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
)

// onePool is the reference: one pool for all tenants, of a login that may become each
// tenant's role. It sends the messages that Partywall sends for a scoped statement,
// with nothing around them.
type onePool struct {
	in           *installation
	db           *sql.DB
	open, commit string // of the tenant numbered recorded
}

const (
	poolLogin = "bench_pool"
	recorded  = 1
)

// openOnePool makes the login and its pool.
func (in *installation) openOnePool(ctx context.Context) (*onePool, error) {
	p := &onePool{in: in}
	if err := p.record(ctx); err != nil {
		return nil, err
	}
	if err := execute(ctx, in.super,
		`DROP OWNED BY `+poolLogin, `DROP ROLE `+poolLogin,
	); err != nil && !strings.Contains(err.Error(), "does not exist") {
		return nil, err
	}
	var inst string
	var version int
	if err := in.super.QueryRowContext(ctx, `SELECT inst, current_setting('server_version_num')::int FROM partywall.installation`).Scan(&inst, &version); err != nil {
		return nil, err
	}
	options := ""
	if version >= 160000 {
		options = " WITH INHERIT FALSE, SET TRUE, ADMIN FALSE"
	}
	if err := execute(ctx, in.super,
		`CREATE ROLE `+poolLogin+` LOGIN NOINHERIT PASSWORD '`+poolLogin+`'`,
		`GRANT USAGE ON SCHEMA partywall TO `+poolLogin,
		`GRANT SELECT ON partywall.tenants TO `+poolLogin,
		fmt.Sprintf(`DO $$ DECLARE name text; BEGIN
			FOR name IN SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'pw_%s_t_')
			LOOP EXECUTE format('GRANT %%I TO %s%s', name); END LOOP; END $$`, inst, poolLogin, options),
	); err != nil {
		return nil, err
	}
	p.db = in.connect(in.Database, poolLogin, poolLogin)
	p.db.SetMaxOpenConns(in.bench.Connections)
	p.db.SetMaxIdleConns(in.bench.Connections)
	return p, nil
}

// close ends the connections, and drops the login.
func (p *onePool) close() error {
	return errors.Join(p.db.Close(), execute(context.Background(), p.in.super, `DROP OWNED BY `+poolLogin, `DROP ROLE `+poolLogin))
}

// ofGate is the condition that lets only the tenant's own gate in.
var ofGate = regexp.MustCompile(` AND t\.gate = [0-9]+`)

// record reads from the wire what a scoped statement of Partywall is.
func (p *onePool) record(ctx context.Context) error {
	sent, err := p.in.record(ctx, func(db *postgres.DB) error {
		return db.InTenant(ctx, idOf(recorded), readNote)
	})
	if err != nil {
		return err
	}
	if len(sent) != 3 || sent[1].Text != statement {
		return fmt.Errorf("a scoped statement is %d messages, not 3: %v", len(sent), sent)
	}
	p.open, p.commit = ofGate.ReplaceAllString(sent[0].Text, ""), sent[2].Text
	return nil
}

// record returns what Partywall sends when do runs for the second time.
func (in *installation) record(ctx context.Context, do func(*postgres.DB) error) ([]measure.Message, error) {
	cfg, recorder, err := in.recorded(in.config(in.files, 0))
	if err != nil {
		return nil, err
	}
	defer recorder.Close()
	db, err := postgres.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := do(db); err != nil { // then there is a connection
		return nil, err
	}
	return recorder.Record(func() error { return do(db) })
}

// recorded returns the configuration of a client that a recorder listens to.
func (in *installation) recorded(cfg postgres.Config) (postgres.Config, *measure.Recorder, error) {
	recorder, err := measure.NewRecorder(cfg.NetworkAddress())
	if err == nil {
		cfg.Host, cfg.Port = "127.0.0.1", recorder.Port()
	}
	return cfg, recorder, err
}

// scope runs the statement in a tenant.
func (p *onePool) scope(ctx context.Context, tenant int) error {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	names := strings.NewReplacer(idOf(recorded).String(), idOf(tenant).String())
	if _, err := conn.ExecContext(ctx, names.Replace(p.open)); err != nil {
		return err
	}
	var text string
	if err := conn.QueryRowContext(ctx, statement, anyNote()).Scan(&text); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, names.Replace(p.commit))
	return err
}

func anyNote() int { return 1 + rand.IntN(notes) }

// readNote is the work of a scope.
func readNote(ctx context.Context, tx *sqlx.Tx) error {
	var text string
	return tx.QueryRowContext(ctx, statement, anyNote()).Scan(&text)
}
