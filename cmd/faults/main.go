// Command faults subjects a running Partywall to the faults of production: clients that
// disconnect or are slow, a database that dies under load, an identity provider that
// misbehaves, a full disk, a kill -9. Each fault has a promised answer, and afterwards
// the program must serve as before.
//
//	go run ./cmd/faults [NAME...]
//
// It builds the program, starts everything it needs on loopback, prints a table
// and exits with 1 if a promise was broken.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/partywall-go/partywall/app/cli"
)

// fault is a fault and the promise about it.
type fault struct {
	name    string
	promise string
	try     func(ctx context.Context, bed *testbed) (found string, err error)
}

func faults() []fault {
	return []fault{
		{"hang-ups", "1,000 clients that disconnect in mid-request leave nothing behind", hangUps},
		{"slow-clients", "500 slow clients are disconnected, and others are served meanwhile", slowClients},
		{"sigterm", "100 requests in flight: exit 0 within 10 s", sigterm},
		{"database-killed", "kill -9 of the database under load: 503, then served within 10 s, nothing acknowledged is lost", databaseKilled},
		{"database-restarted", "a restart of the database under load: the same", databaseRestarted},
		{"pool-exhausted", "200 requests on one connection: 200 or 503 with Retry-After", poolExhausted},
		{"kill-9", "kill -9 of the program while it provisions, 100 times: each tenant is whole or absent", killedWhileProvisioning},
		{"keys-down", "no key set at the start: 503, not 401; served once it is available", keysDown},
		{"keys-lying", "a key set that is empty, HTML, 2 MiB or elsewhere: 503, and no token is accepted", keysLying},
		{"keys-hanging", "a key set that hangs: 503 within 10 s, others are served meanwhile", keysHanging},
		{"keys-rotating", "keys that rotate under load: no good token is refused", keysRotating},
		{"clock-off", "an issuer whose clock is 5 minutes ahead, or a token 5 minutes over: 401", clockOff},
		{"store-down", "no object store: not ready, URLs are signed all the same, no tenant is created; ready once it is available", storeDown},
		{"database-full", "a full disk of the database: 503 and one line, reads go on, nothing is left; room again: taken", databaseFull},
		{"disk-full", "a full disk: 507, nothing of the old file is lost; room again: taken", diskFull},
	}
}

func main() {
	if os.Getenv(productVariable) != "" {
		cli.Main(product())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(faults(), func(f fault) bool { return f.name == name }) {
			return fmt.Errorf("there is no fault %q", name)
		}
	}
	dir, err := os.MkdirTemp("", "faults-")
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
	return tryAll(ctx, dir, program, names)
}

func tryAll(ctx context.Context, dir, program string, names []string) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT\tKEPT\tTOOK\tFOUND")
	broken := 0
	for _, f := range faults() {
		if len(names) > 0 && !slices.Contains(names, f.name) {
			continue
		}
		fmt.Printf("%s: %s\n", f.name, f.promise)
		began := time.Now()
		found, err := tryOne(ctx, dir, program, f)
		kept := "yes"
		if err != nil {
			kept, found = "NO", err.Error()
			broken++
		}
		fmt.Fprintf(table, "%s\t%s\t%.0f s\t%s\n", f.name, kept, time.Since(began).Seconds(), found)
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Println()
	if err := errors.Join(table.Flush(), ctx.Err()); err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%d promises were broken", broken)
	}
	return nil
}

// tryOne runs a fault in a testbed of its own, for at most two minutes.
func tryOne(ctx context.Context, dir, program string, f fault) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	own := filepath.Join(dir, f.name)
	if err := os.Mkdir(own, 0o755); err != nil {
		return "", err
	}
	bed := &testbed{dir: own, program: program}
	defer bed.close()
	found, err := f.try(ctx, bed)
	if err != nil {
		return "", fmt.Errorf("%w%s", err, bed.lastWords())
	}
	return found, nil
}
