package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing/fstest"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/cli"
)

// The variables of a process that is the product's program.
const (
	filesVariable  = "BENCHFLEET_FILES"  // how many migrations the product has
	memoryVariable = "BENCHFLEET_MEMORY" // the file that gets the most memory that the process had
)

const programName = "benchfleet"

// tables are what a tenant has.
const tables = `CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, text text NOT NULL);
CREATE TABLE items (id bigint PRIMARY KEY, invoice bigint NOT NULL REFERENCES invoices, text text NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL);
INSERT INTO notes SELECT i, 'note ' || i FROM generate_series(1, 10) i;
`

// statement is what the load runs in a tenant. Its argument is one of the notes.
const statement = `SELECT text FROM notes WHERE id = $1`

const notes = 10

// addColumn is the only statement of every migration after the first.
func addColumn(number int) string {
	return fmt.Sprintf("ALTER TABLE notes ADD COLUMN added_%d int", number)
}

// migrations are the product's first files.
func migrations(files int) fs.FS {
	all := fstest.MapFS{"0001_tables.sql": {Data: []byte(tables)}}
	for number := 2; number <= files; number++ {
		all[fmt.Sprintf("%04d_column.sql", number)] = &fstest.MapFile{Data: []byte(addColumn(number) + ";\n")}
	}
	return all
}

// product runs a command of the product's program, and returns its exit code.
func product(args []string) int {
	files, err := strconv.Atoi(os.Getenv(filesVariable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s is no number: %v\n", filesVariable, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := cli.Program{Name: programName, Configure: func(cfg app.Config) app.Config {
		cfg.TenantMigrations = migrations(files)
		return cfg
	}}.Run(ctx, args, os.Stdout, os.Stderr)
	if file := os.Getenv(memoryVariable); file != "" {
		if err := os.WriteFile(file, fmt.Append(nil, memoryOf("self")["VmHWM"]), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// memoryOf returns what the kernel says of a process's memory, in KiB.
func memoryOf(process string) map[string]int { return kibibytes("/proc/" + process + "/status") }

// kibibytes reads the lines of a file that have a name and a number of KiB.
func kibibytes(file string) map[string]int {
	text, _ := os.ReadFile(file) // a process that has ended has no memory
	found := map[string]int{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		var kib int
		if n, _ := fmt.Sscanf(value, "%d kB", &kib); n == 1 {
			found[name] = kib
		}
	}
	return found
}
