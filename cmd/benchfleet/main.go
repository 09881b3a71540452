// Command benchfleet measures what many tenants cost, each with a schema of four
// tables, beside references that do the same work in the same run.
//
//	go run ./cmd/benchfleet
//	go run ./cmd/benchfleet -quick
//
// It makes up to 10,000 tenants on each version of PostgreSQL, which takes minutes. The
// data folders are kept, so that the next run begins to measure at once. Each figure is
// stored as soon as it was measured: a run that is interrupted is continued by the next
// one with the same options. At the end it prints a table. With -docs it also writes the
// table into docs/scale.md, and the curves beside it.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "product" {
		os.Exit(product(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchfleet:", err)
		os.Exit(1)
	}
}

// options decide what is measured. Figures of other options are not comparable.
type options struct {
	Servers, Tenants string // numbers, separated by commas
	Connections      int    // to tenants
	Gates            int    // that share the connections; 0: as many as gatesOf returns
	Quick            bool
}

// resultsFile names the figures, so that a quick run leaves those of a long one.
func (o options) resultsFile() string {
	if o.Quick {
		return "quick.json"
	}
	return "figures.json"
}

// bench is a run.
type bench struct {
	options
	effort  effort
	dir     string // of the data folders and the figures
	scratch string // removed at the end
	servers []int
	tenants []int // ascending
	figures *figures
}

func run(ctx context.Context, args []string) error {
	b, docs, fresh, err := parse(args)
	if err != nil {
		return err
	}
	if err := b.run(ctx, fresh); err != nil {
		return err
	}
	if err := b.print(os.Stdout); err != nil || docs == "" {
		return err
	}
	return b.write(docs)
}

// run measures what no earlier run has measured.
func (b *bench) run(ctx context.Context, fresh bool) (err error) {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	if b.figures, err = loadFigures(b.dir, b.options, fresh); err != nil {
		return err
	}
	if b.scratch, err = os.MkdirTemp("", "benchfleet-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.scratch)
	for _, version := range b.servers {
		for _, tenants := range b.tenants {
			if err := b.measure(ctx, version, tenants); err != nil {
				return fmt.Errorf("PostgreSQL %d, %d tenants: %w", version, tenants, err)
			}
		}
	}
	return nil
}

func parse(args []string) (b *bench, docs string, fresh bool, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	b = &bench{}
	set := flag.NewFlagSet("benchfleet", flag.ExitOnError)
	set.StringVar(&b.dir, "dir", filepath.Join(cache, "partywall", "benchfleet"), "the `folder` of the data and the figures")
	set.StringVar(&b.Servers, "server", "15,18", "the major `versions` of PostgreSQL")
	set.StringVar(&b.Tenants, "tenants", "", "how many `tenants`, up to 99999 (default \"10,1000,10000\", with -quick \"10,1000\")")
	set.IntVar(&b.Connections, "connections", 32, "how many connections serve tenants")
	set.IntVar(&b.Gates, "gates", 0, "how many gates share the connections; 0: one for each 500 tenants, of two connections at least")
	set.BoolVar(&b.Quick, "quick", false, "measure 10 and 1,000 tenants, for a short time each")
	set.StringVar(&docs, "docs", "", "the `folder` of scale.md, which gets the table and the curves")
	set.BoolVar(&fresh, "fresh", false, "forget the figures of earlier runs; the data folders are kept")
	_ = set.Parse(args) // it exits
	b.effort = whole
	if b.Quick {
		b.effort = quick
	}
	if b.Tenants == "" && b.Quick {
		b.Tenants = "10,1000"
	}
	b.Tenants = cmp.Or(b.Tenants, "10,1000,10000")
	if b.servers, err = numbers(b.Servers); err != nil {
		return nil, "", false, err
	}
	if b.tenants, err = numbers(b.Tenants); err != nil {
		return nil, "", false, err
	}
	if b.Connections < 1 || b.Gates < 0 || b.tenants[0] < smallest || b.tenants[len(b.tenants)-1] > 99_999 {
		return nil, "", false, fmt.Errorf("at least one connection, and %d to 99999 tenants", smallest)
	}
	b.dir, err = filepath.Abs(b.dir)
	return b, docs, fresh, err
}

// smallest is how many tenants the measurements need.
const smallest = 10

// numbers reads numbers that are separated by commas, in ascending order.
func numbers(text string) (found []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, fmt.Errorf("%q is no number: %w", part, err)
		}
		found = append(found, n)
	}
	slices.Sort(found)
	return found, nil
}

// effort is how long things are measured.
type effort struct {
	rounds      int
	round       time.Duration
	minute      time.Duration // of traffic before memory is read
	firstScopes int
	greed       time.Duration
	creations   int
	sample      int // schemas that goose migrates
	rows        int // of the tenant that is exported
}

var (
	whole = effort{rounds: 3, round: 2 * time.Second, minute: time.Minute, firstScopes: 50, greed: 15 * time.Second, creations: 150, sample: 500, rows: 1_000_000}
	quick = effort{rounds: 1, round: 2 * time.Second, minute: 10 * time.Second, firstScopes: 10, greed: 3 * time.Second, creations: 16, sample: 50, rows: 50_000}
)

func (b *bench) logf(format string, args ...any) {
	fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}
