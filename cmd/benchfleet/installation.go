package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
)

// installation is a server with an installation that has the tenants.
type installation struct {
	*server
	version int // of PostgreSQL
	tenants int
	files   int // the product's migrations that the tenants have
	bench   *bench
}

// idOf returns the ID of one of the tenants.
func idOf(tenant int) domain.TenantID {
	return domain.Must(domain.ParseTenantID(fmt.Sprintf("t-%05d", tenant)))
}

var owner = domain.Must(domain.NewIdentity("bench", "owner"))

// home is the folder of a server.
func (b *bench) home(version, tenants int) string {
	return filepath.Join(b.dir, fmt.Sprintf("postgresql%d-%d", version, tenants))
}

// open starts the server, and makes what is missing.
func (b *bench) open(ctx context.Context, version, tenants int) (in *installation, err error) {
	s, err := startServer(ctx, b.home(version, tenants), version)
	if err != nil {
		return nil, err
	}
	in = &installation{server: s, version: version, tenants: tenants, files: 1, bench: b}
	if err := in.prepare(ctx); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func (in *installation) prepare(ctx context.Context) error {
	if err := in.countFiles(ctx); err != nil {
		return err
	}
	if err := postgres.Setup(ctx, in.config(in.files, 0), func(string) {}); err != nil {
		return err
	}
	if err := in.setGates(ctx); err != nil {
		return err
	}
	if err := in.makeTenants(ctx); err != nil {
		return err
	}
	_, _, err := in.command(ctx, "gates", "move", "--even") // does nothing for tenants that were made with the gates
	return err
}

// tenantsOfGate is how many tenants a gate has, unless there would be too few
// connections for the gates then.
const tenantsOfGate = 500

// gatesOf returns how many gates an installation has.
func (b *bench) gatesOf(tenants int) int {
	return cmp.Or(b.Gates, max(1, min((tenants+tenantsOfGate-1)/tenantsOfGate, b.Connections/2)))
}

// setGates makes the gates, or moves the tenants of an earlier run out of those that are
// too many.
func (in *installation) setGates(ctx context.Context) error {
	var used int
	if err := in.super.QueryRowContext(ctx, `SELECT coalesce(max(gate), 0) + 1 FROM partywall.tenants`).Scan(&used); err != nil {
		return err
	}
	gates := in.bench.gatesOf(in.tenants)
	if used > gates {
		if _, _, err := in.command(ctx, "gates", "move", "--even", "--gates", strconv.Itoa(gates)); err != nil {
			return err
		}
	}
	_, _, err := in.command(ctx, "gates", "set", strconv.Itoa(gates))
	return err
}

// countFiles reads how many files an earlier run has published.
func (in *installation) countFiles(ctx context.Context) error {
	err := in.super.QueryRowContext(ctx, `SELECT max(number) FROM partywall.tenant_files WHERE set = 'product'`).Scan(&in.files)
	if _, refused := errors.AsType[*pq.Error](err); refused { // there is no installation yet, and perhaps no database
		return nil
	}
	return err
}

// makers is how many programs make tenants, each on two connections.
const makers = 3

// makeTenants makes the tenants that an earlier run has not made.
func (in *installation) makeTenants(ctx context.Context) error {
	missing, err := in.missing(ctx)
	if err != nil || len(missing) == 0 {
		return err
	}
	began := time.Now()
	var made atomic.Int64
	next := make(chan int)
	var errs []error
	var mu sync.Mutex
	var wait sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := func(db *postgres.DB) {
		for tenant := range next {
			if err := patiently(func() error { return create(ctx, db, idOf(tenant)) }); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
				cancel()
				return
			}
			if n := made.Add(1); n%500 == 0 {
				in.bench.logf("%s: made %d of %d tenants, %.0f a second", in, n, len(missing), float64(n)/time.Since(began).Seconds())
			}
		}
	}
	for range makers {
		db, err := postgres.Open(ctx, in.config(in.files, 0))
		if err != nil {
			return err
		}
		defer db.Close()
		for range 2 {
			wait.Go(func() { work(db) })
		}
	}
	for _, tenant := range missing {
		select {
		case next <- tenant:
		case <-ctx.Done():
		}
	}
	close(next)
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return in.vacuum(ctx)
}

// vacuum does now what autovacuum would do while something is measured. The tenants'
// own tables are too small for it.
func (in *installation) vacuum(ctx context.Context) error {
	var tables string
	err := in.super.QueryRowContext(ctx, `
		SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname IN ('pg_catalog', 'partywall')`).Scan(&tables)
	if err != nil {
		return err
	}
	return execute(ctx, in.super, "VACUUM ANALYZE "+tables)
}

// String returns the installation as the log names it.
func (in *installation) String() string {
	return fmt.Sprintf("PostgreSQL %d, %d tenants", in.version, in.tenants)
}

// missing returns the tenants that are to be made.
func (in *installation) missing(ctx context.Context) (missing []int, err error) {
	rows, err := in.super.QueryContext(ctx, `
		SELECT n FROM generate_series(1, $1) n WHERE NOT EXISTS (SELECT FROM partywall.tenants t WHERE t.id = 't-' || lpad(n::text, 5, '0')) ORDER BY n`, in.tenants)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		missing = append(missing, n)
	}
	return missing, rows.Err()
}
