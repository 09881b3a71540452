package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

func databaseKilled(ctx context.Context, bed *testbed) (string, error) {
	return underLoad(ctx, bed, func(db *embeddedpg.Server) error { return db.Kill() })
}

func databaseRestarted(ctx context.Context, bed *testbed) (string, error) {
	return underLoad(ctx, bed, func(db *embeddedpg.Server) error { return db.Restart(ctx) })
}

// underLoad harms the database five times while tenants are created, and then
// checks every tenant whose creation was acknowledged.
func underLoad(ctx context.Context, bed *testbed, harm func(*embeddedpg.Server) error) (string, error) {
	db, env, err := bed.database(ctx)
	if err != nil {
		return "", err
	}
	s, err := bed.serve(ctx, env)
	if err != nil {
		return "", err
	}
	load := s.makeTenants(ctx, 8)
	slowest := time.Duration(0)
	for range 5 {
		time.Sleep(time.Second)
		if err := harm(db); err != nil {
			return "", err
		}
		took, err := s.awaitReady(ctx, 10*time.Second)
		if err != nil {
			return "", err
		}
		slowest = max(slowest, took)
	}
	made, statuses := load.end()
	for _, id := range made {
		if status := s.answers(ctx, id); status != http.StatusOK {
			return "", fmt.Errorf("%s was acknowledged, and now returns %d", id, status)
		}
	}
	for status := range statuses {
		if !slices.Contains([]int{http.StatusCreated, http.StatusServiceUnavailable, http.StatusConflict}, status) {
			return "", fmt.Errorf("the answers were %v", statuses)
		}
	}
	return fmt.Sprintf("%d tenants acknowledged, all there; answers %v; ready again after %d ms at most", len(made), statuses, slowest.Milliseconds()), nil
}

// load creates tenants until it is stopped.
type load struct {
	cancel   context.CancelFunc
	wait     sync.WaitGroup
	mu       sync.Mutex
	made     []string
	statuses map[int]int
}

func (s *server) makeTenants(ctx context.Context, workers int) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel, statuses: map[int]int{}}
	for worker := range workers {
		l.wait.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("t%d-%d", worker, i)
				status, _ := s.create(context.WithoutCancel(ctx), id)
				l.mu.Lock()
				l.statuses[status]++
				if status == http.StatusCreated {
					l.made = append(l.made, id)
				}
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (l *load) end() (made []string, statuses map[int]int) {
	l.cancel()
	l.wait.Wait()
	return l.made, l.statuses
}

func poolExhausted(ctx context.Context, bed *testbed) (string, error) {
	s, err := bed.serve(ctx, map[string]string{"DB_MAX_CONNS": "3", "DB_ACQUIRE_TIMEOUT": "20ms"})
	if err != nil {
		return "", err
	}
	if status, _ := s.create(ctx, "acme"); status != http.StatusCreated {
		return "", fmt.Errorf("creating a tenant returns %d", status)
	}
	var mu sync.Mutex
	statuses, wrong := map[int]int{}, 0
	var wait sync.WaitGroup
	for range 200 {
		wait.Go(func() {
			for range 20 {
				status, header := s.get(ctx, "/", "X-Tenant-ID: acme")
				mu.Lock()
				statuses[status]++
				if status != http.StatusOK && (status != http.StatusServiceUnavailable || header.Get("Retry-After") == "") {
					wrong++
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if status := s.answers(ctx, "acme"); wrong > 0 || status != http.StatusOK {
		return "", fmt.Errorf("answers %v, %d of them without Retry-After, and %d afterwards", statuses, wrong, status)
	}
	return fmt.Sprintf("answers %v", statuses), nil
}

// killedWhileProvisioning kills the program at a random moment while it creates a
// tenant. An acknowledged tenant must exist; any other must be complete or absent.
func killedWhileProvisioning(ctx context.Context, bed *testbed) (string, error) {
	_, env, err := bed.database(ctx)
	if err != nil {
		return "", err
	}
	const kills = 100
	whole, free := 0, 0
	for round := range kills + 1 {
		s, err := bed.serve(ctx, env)
		if err != nil {
			return "", err
		}
		id := fmt.Sprintf("round-%d", round)
		if round > 0 {
			before := fmt.Sprintf("round-%d", round-1)
			switch s.answers(ctx, before) {
			case http.StatusOK:
				whole++
			case http.StatusNotFound:
				status, _ := s.create(ctx, before)
				switch {
				case status == http.StatusCreated:
					free++
				case status == http.StatusConflict && s.answers(ctx, before) == http.StatusOK:
					whole++ // its commit was in flight, and has arrived in the meantime
				default:
					return "", fmt.Errorf("%s is neither there nor free: %d", before, status)
				}
			default:
				return "", fmt.Errorf("%s answers %d", before, s.answers(ctx, before))
			}
		}
		if round == kills {
			break
		}
		acknowledged := make(chan int, 1)
		go func() {
			status, _ := s.create(ctx, id)
			acknowledged <- status
		}()
		time.Sleep(time.Duration(rand.IntN(15_000)) * time.Microsecond)
		s.kill()
		if <-acknowledged == http.StatusCreated {
			again, err := bed.serve(ctx, env)
			if err != nil {
				return "", err
			}
			if status := again.answers(ctx, id); status != http.StatusOK {
				return "", fmt.Errorf("%s was acknowledged, and then returns %d", id, status)
			}
			again.kill()
		}
		bed.servers = bed.servers[:0]
	}
	return fmt.Sprintf("%d whole, %d free again", whole, free), nil
}
