// Command bench measures Partywall and references that do the same work
// without anything around it, in one run. Figures differ from machine to machine, but
// their ratios hardly do.
//
//	go run ./cmd/bench
//
// It builds the program, starts all that it needs on loopback, measures
// everything seven times in turns, and prints medians within five minutes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "reference" {
		reference(os.Args[2])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	err := run(ctx)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// line is one figure with its reference and its target.
type line struct {
	what, figure, reference, ratio, target string
	met                                    bool
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "partywall")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/partywall-go/partywall/cmd/partywall")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("cannot build the program: %w", err)
	}
	bench, err := openBench(ctx, dir, program)
	if err != nil {
		return err
	}
	defer bench.close()
	fmt.Printf("%s, %s, %d cores shared by load, programs and database\n\n", runtime.Version(), bench.version(ctx), runtime.NumCPU())
	var lines []line
	for _, measure := range []func(context.Context) ([]line, error){
		bench.status, bench.uploads, bench.idleTenants, bench.eventCost, bench.roundTrips, microscopic, bench.secrecy,
	} {
		more, err := measure(ctx)
		if err != nil {
			return err
		}
		lines = append(lines, more...)
	}
	return show(lines)
}

func show(lines []line) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHAT\tPARTYWALL\tREFERENCE\tRATIO\tTARGET\tMET")
	for _, l := range lines {
		met := "yes"
		if !l.met {
			met = "NO"
		}
		if l.target == "" {
			met = ""
		}
		fmt.Fprintln(table, strings.Join([]string{l.what, l.figure, l.reference, l.ratio, l.target, met}, "\t"))
	}
	return table.Flush()
}
