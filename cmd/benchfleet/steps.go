package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// step is a part of a run that is repeated as a whole if it was interrupted.
type step struct {
	name    string
	largest bool // only where the most tenants are
	measure func(context.Context) error
}

// servingSteps need the pools that serve tenants. The first fills the caches of their
// connections, which the others need.
func (s *serving) steps() []step {
	return []step{
		{"memory of backends", false, s.measureMemory},
		{"traffic", false, s.measureTraffic},
		{"first scopes", false, s.measureFirstScopes},
		{"a greedy tenant", true, s.measureGreed},
		{"creations", false, s.measureCreations},
	}
}

// steps are the rest. The last one stops the server.
func (in *installation) steps() []step {
	return []step{
		{"migrations", false, in.measureMigrations},
		{"nothing to migrate", false, in.measureNothingToDo},
		{"archives", true, in.measureArchives},
		{"starts", false, in.measureStarts},
	}
}

// measure takes the steps that no earlier run has taken.
func (b *bench) measure(ctx context.Context, version, tenants int) error {
	var in installation // for the names of its steps
	in.bench, in.version, in.tenants = b, version, tenants
	serves, others := in.left((&serving{}).steps()), in.left(in.steps())
	if len(serves)+len(others) == 0 {
		return nil
	}
	opened, err := b.open(ctx, version, tenants)
	if err != nil {
		return err
	}
	defer opened.close()
	if len(serves) > 0 {
		if err := opened.whileServing(ctx); err != nil {
			return err
		}
	}
	return opened.take(ctx, opened.steps())
}

func (in *installation) whileServing(ctx context.Context) (err error) {
	s, err := in.serve(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return in.take(ctx, s.steps())
}

// left returns the steps that are to be taken.
func (in *installation) left(all []step) (left []step) {
	for _, s := range all {
		most := in.bench.tenants[len(in.bench.tenants)-1]
		if _, done := in.bench.figures.Steps[in.key(s.name)]; !done && (!s.largest || in.tenants == most) {
			left = append(left, s)
		}
	}
	return left
}

// take takes the steps that are left, and stores each one's figures.
func (in *installation) take(ctx context.Context, steps []step) error {
	for _, s := range in.left(steps) {
		began := time.Now()
		if err := s.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		took := time.Since(began).Seconds()
		in.bench.figures.Steps[in.key(s.name)] = took
		if err := in.bench.figures.save(); err != nil {
			return err
		}
		in.bench.logf("%s: %s, %.0f s", in, s.name, took)
	}
	return nil
}

func (in *installation) key(name string) string { return key(in.version, in.tenants, name) }

// set stores a figure, which counts once its step is done.
func (in *installation) set(name string, value float64) {
	in.bench.figures.Values[in.key(name)] = value
}

// machine describes what a run runs on.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere the name is unknown
	model := runtime.GOARCH
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), model, runtime.Version())
}
