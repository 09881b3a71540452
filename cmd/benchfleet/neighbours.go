package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
)

// measureFirstScopes creates tenants, and measures the first scope in another tenant
// after each. Each backend then collects anew which roles its login may become.
func (s *serving) measureFirstScopes(ctx context.Context) error {
	usual, first := map[string][]float64{}, map[string][]float64{}
	defer s.removeMade(context.WithoutCancel(ctx), "new-")
	for made := range s.bench.effort.firstScopes {
		tenant := 1 + rand.IntN(s.tenants)
		timed := func(into map[string][]float64) error {
			for _, name := range names {
				began := time.Now()
				if err := s.scopes()[name](ctx, tenant); err != nil {
					return err
				}
				into[name] = append(into[name], milliseconds(time.Since(began)))
			}
			return nil
		}
		if err := errors.Join(timed(map[string][]float64{}), timed(usual)); err != nil { // the first fills caches
			return err
		}
		if err := create(ctx, s.db, parseID(fmt.Sprintf("new-%d", made))); err != nil {
			return err
		}
		if err := timed(first); err != nil {
			return err
		}
	}
	for _, name := range names {
		s.set("first/"+name, slices.Max(first[name])-measure.Median(usual[name]))
		s.set("first-median/"+name, measure.Median(first[name])-measure.Median(usual[name]))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// A greedy tenant sends as much as greed others. Each request holds its connection for
// hold, and then pauses.
const (
	greed       = 50
	hold        = 10 * time.Millisecond
	pauseOfEach = 40 * time.Millisecond
	neighbours  = 6 // of the greedy tenant's gate, and as many of other gates

	// greedyConns is so few that the greedy tenant alone could use them all.
	greedyConns = 12
)

// measureGreed measures how long others wait while one tenant is greedy.
func (s *serving) measureGreed(ctx context.Context) error {
	db, err := postgres.Open(ctx, s.config(s.files, greedyConns))
	if err != nil {
		return err
	}
	defer db.Close()
	groups, err := s.neighboursOf(ctx, recorded)
	if err != nil {
		return err
	}
	for _, when := range []string{"before", "while"} {
		times, err := sendBesides(ctx, db, groups, when == "while", s.bench.effort.greed)
		if err != nil {
			return err
		}
		for group, all := range times {
			slices.Sort(all)
			s.set(fmt.Sprintf("greed/%s/%s", group, when), milliseconds(measure.Percentile(all, 99)))
		}
	}
	return nil
}

// neighboursOf returns tenants of the same gate as a tenant's, and of other gates if
// there are any.
func (s *serving) neighboursOf(ctx context.Context, tenant int) (map[string][]int, error) {
	rows, err := s.super.QueryContext(ctx, `
		SELECT n, t.gate = (SELECT gate FROM partywall.tenants WHERE id = $2) FROM generate_series(1, $1) n
		JOIN partywall.tenants t ON t.id = 't-' || lpad(n::text, 5, '0') WHERE t.id <> $2 ORDER BY n`, s.tenants, idOf(tenant).String())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	groups := map[string][]int{}
	for rows.Next() {
		var n int
		var same bool
		if err := rows.Scan(&n, &same); err != nil {
			return nil, err
		}
		group := "elsewhere"
		if same {
			group = "same-gate"
		}
		if len(groups[group]) < neighbours {
			groups[group] = append(groups[group], n)
		}
	}
	return groups, rows.Err()
}

// sendBesides has each tenant of the groups send requests, with the greedy one or
// without, and returns how long each request took, by group.
func sendBesides(ctx context.Context, db *postgres.DB, groups map[string][]int, greedy bool, length time.Duration) (map[string][]time.Duration, error) {
	times := map[string][]time.Duration{}
	var errs []error
	var mu sync.Mutex
	var wait sync.WaitGroup
	until := time.Now().Add(length)
	send := func(tenant int) (took []time.Duration, err error) {
		for time.Now().Before(until) {
			time.Sleep(pauseOfEach/2 + rand.N(pauseOfEach))
			began := time.Now()
			if err := db.InTenant(ctx, idOf(tenant), holdConnection); err != nil {
				return nil, err
			}
			took = append(took, time.Since(began))
		}
		return took, nil
	}
	start := func(tenant int, group string) {
		wait.Go(func() {
			took, err := send(tenant)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			if group != "" {
				times[group] = append(times[group], took...)
			}
		})
	}
	for group, tenants := range groups {
		for _, tenant := range tenants {
			start(tenant, group)
		}
	}
	if greedy {
		for range greed {
			start(recorded, "")
		}
	}
	wait.Wait()
	return times, errors.Join(errs...)
}

func holdConnection(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_sleep($1)`, hold.Seconds())
	return err
}
