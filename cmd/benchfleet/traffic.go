package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
	"github.com/partywall-go/partywall/domain"
)

// zipfExponent is how uneven uneven traffic is: of 10,000 tenants, the busiest gets 15 of
// 100 requests.
const zipfExponent = 1.1

// serving is the installation with the pools that traffic is sent through.
type serving struct {
	*installation
	db      *postgres.DB // Partywall
	onePool *onePool     // the reference
}

// serve opens the pools, each with the same number of connections to tenants.
func (in *installation) serve(ctx context.Context) (*serving, error) {
	const others = 8 // connections: 2 to provision, 6 for the system
	db, err := postgres.Open(ctx, in.config(in.files, in.bench.Connections+others))
	if err != nil {
		return nil, err
	}
	pool, err := in.openOnePool(ctx)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &serving{in, db, pool}, nil
}

func (s *serving) close() error { return errors.Join(s.db.Close(), s.onePool.close()) }

// scopes are the ways to run a scoped statement, by the name of their figures.
func (s *serving) scopes() map[string]func(ctx context.Context, tenant int) error {
	return map[string]func(context.Context, int) error{
		"partywall": func(ctx context.Context, tenant int) error { return s.db.InTenant(ctx, idOf(tenant), readNote) },
		"one-pool":  s.onePool.scope,
	}
}

// names are the names of scopes, in the order in which they are measured.
var names = []string{"partywall", "one-pool"}

// tenantPicker returns a function that picks tenants as a kind of traffic does.
func (in *installation) tenantPicker(kind string) func() int {
	source := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	if kind == "zipf" {
		zipf := rand.NewZipf(source, zipfExponent, 1, uint64(in.tenants-1))
		return func() int { return 1 + int(zipf.Uint64()) }
	}
	return func() int { return 1 + source.IntN(in.tenants) }
}

// traffic has each of the workers run scopes one after the other, and returns how many
// there are a second.
func (s *serving) traffic(ctx context.Context, kind string, length time.Duration, scope func(context.Context, int) error) (perSecond float64, err error) {
	counts, errs := make([]int, s.bench.Connections), make([]error, s.bench.Connections)
	var wait sync.WaitGroup
	began := time.Now()
	for worker := range counts {
		wait.Go(func() {
			for pick := s.tenantPicker(kind); errs[worker] == nil && time.Since(began) < length; counts[worker]++ {
				errs[worker] = patiently(func() error { return scope(ctx, pick()) })
			}
		})
	}
	wait.Wait()
	took, total := time.Since(began), 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took.Seconds(), errors.Join(errs...)
}

// patiently calls do again where the database was unavailable, as on a machine that is
// too busy to let all connections in at once. That a figure is worse for it, it shows.
func patiently(do func() error) (err error) {
	for range 5 {
		if err = do(); !errors.Is(err, domain.Unavailable) {
			break
		}
	}
	return err
}

// measureTraffic sends uniform and uneven traffic through either pool, in turns.
func (s *serving) measureTraffic(ctx context.Context) error {
	measured := map[string][]float64{}
	for range s.bench.effort.rounds {
		for _, kind := range []string{"uniform", "zipf"} {
			for _, name := range names {
				perSecond, err := s.traffic(ctx, kind, s.bench.effort.round, s.scopes()[name])
				if err != nil {
					return fmt.Errorf("%s traffic through %s: %w", kind, name, err)
				}
				measured[kind+"/"+name] = append(measured[kind+"/"+name], perSecond)
			}
		}
	}
	for name, figures := range measured {
		s.set(name, measure.Median(figures))
	}
	return nil
}

// measureMemory sends uniform traffic for a minute, and reads how much memory the
// largest backend has for itself.
func (s *serving) measureMemory(ctx context.Context) error {
	logins := map[string]string{"partywall": `pw\_%\_gate\_%`, "one-pool": poolLogin}
	for _, name := range names {
		length := s.bench.effort.minute
		switch { // by then each backend has met them all
		case s.tenants <= 10:
			length /= 20
		case s.tenants <= 1000:
			length /= 3
		}
		if _, err := s.traffic(ctx, "uniform", length, s.scopes()[name]); err != nil {
			return err
		}
		most, err := s.backendMemory(ctx, logins[name])
		if err != nil {
			return err
		}
		s.set("memory/"+name, most)
	}
	return nil
}

// backendMemory returns the most private memory of a backend of the logins, in MiB.
func (s *serving) backendMemory(ctx context.Context, logins string) (most float64, err error) {
	rows, err := s.super.QueryContext(ctx, `SELECT pid FROM pg_stat_activity WHERE usename LIKE $1`, logins)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return 0, err
		}
		m := kibibytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		most = max(most, float64(m["Private_Clean"]+m["Private_Dirty"])/1024)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if most == 0 {
		return 0, fmt.Errorf("the kernel shows no memory of the backends of %s", logins)
	}
	return most, nil
}
