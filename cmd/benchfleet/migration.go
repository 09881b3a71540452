package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
)

// migrators is how many tenants are migrated at a time.
const migrators = 4

// measureMigrations brings all tenants to a file of one statement: with Partywall's
// command, by psql with the same SQL, by psql with the statement alone, and by goose.
func (in *installation) measureMigrations(ctx context.Context) error {
	in.files++
	took, memory, err := in.command(ctx, "migrate", "up", "--workers", strconv.Itoa(migrators))
	if err != nil {
		return err
	}
	in.set("migrations/partywall", float64(in.tenants)/took.Seconds())
	in.set("migrations/memory", memory)

	in.files++
	if err := in.psqlMigrations(ctx); err != nil {
		return err
	}
	sample := in.sample(in.bench.effort.sample)
	if err := in.bareMigrations(ctx, sample); err != nil {
		return err
	}
	return in.gooseMigrations(ctx, sample)
}

// psqlMigrations has psql send what Partywall sends to migrate a tenant: the canary's
// messages, with the names of the others.
func (in *installation) psqlMigrations(ctx context.Context) error {
	sent, canary, err := in.migrateCanary(ctx)
	if err != nil {
		return err
	}
	ids, err := in.below(ctx, in.files)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := in.psqlEach(ctx, migrators, ids, replay(sent, canary)); err != nil {
		return err
	}
	in.set("migrations/psql", float64(len(ids))/time.Since(began).Seconds())
	if left, err := in.below(ctx, in.files); err != nil || len(left) > 0 {
		return fmt.Errorf("psql left %d tenants behind: %w", len(left), err)
	}
	return nil
}

// migrateCanary has Partywall publish the newest file and run it in one tenant, and
// returns the messages of that and the tenant.
func (in *installation) migrateCanary(ctx context.Context) (sent []measure.Message, id string, err error) {
	cfg, recorder, err := in.recorded(in.config(in.files, 0))
	if err != nil {
		return nil, "", err
	}
	defer recorder.Close()
	all, err := recorder.Record(func() error {
		_, err := postgres.Migrate(ctx, cfg, postgres.MigrateOptions{Workers: 1, Canary: 1e-9}, func(string) {})
		return err
	})
	if err != nil {
		return nil, "", err
	}
	err = in.super.QueryRowContext(ctx, `SELECT tenant FROM partywall.migrations WHERE set = 'product' AND number = $1`, in.files).Scan(&id)
	if err != nil {
		return nil, "", err
	}
	// The runner's connection has read which tenants are behind before.
	for i, m := range all {
		if strings.Contains(m.Text, "migration_leases WHERE tenant = '"+id+"'") {
			for _, message := range all[max(i-1, 0):] { // from the BEGIN on
				if message.Conn == m.Conn {
					sent = append(sent, message)
				}
			}
			break
		}
	}
	if len(sent) < 3 || !strings.HasPrefix(sent[0].Text, "BEGIN") {
		return nil, "", fmt.Errorf("the recorder did not see how %s was migrated: %v", id, sent)
	}
	return sent, id, nil
}

// below returns the tenants that lack the product's file of the number.
func (in *installation) below(ctx context.Context, number int) (ids []string, err error) {
	err = in.super.QueryRowContext(ctx, `SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM partywall.tenants WHERE version < $1`, number).Scan(pq.Array(&ids))
	return ids, err
}

// sample returns tenants, spread over all.
func (in *installation) sample(size int) (ids []string) {
	size = min(size, in.tenants)
	for i := range size {
		ids = append(ids, idOf(1+i*in.tenants/size).String())
	}
	return ids
}

// bareMigrations has psql run the statement alone, one message and transaction for each
// tenant. That records nothing, and waits for locks as long as it takes.
func (in *installation) bareMigrations(ctx context.Context, ids []string) error {
	run := func(statement string) (time.Duration, error) {
		began := time.Now()
		err := in.psqlEach(ctx, migrators, ids, func(id string) []string {
			return []string{fmt.Sprintf(`SET LOCAL search_path = "tenant_%s", ext; %s`, id, statement)}
		})
		return time.Since(began), err
	}
	took, err := run("ALTER TABLE notes ADD COLUMN bare int")
	if err != nil {
		return err
	}
	in.set("migrations/bare", float64(len(ids))/took.Seconds())
	_, err = run("ALTER TABLE notes DROP COLUMN bare")
	return err
}

// gooseMigrations has goose run a file of one statement, with a handle for each schema.
func (in *installation) gooseMigrations(ctx context.Context, ids []string) error {
	program, err := in.bench.gooseProgram(ctx)
	if err != nil {
		return err
	}
	schemas := make([]string, len(ids))
	for i, id := range ids {
		schemas[i] = "tenant_" + id
	}
	cmd := exec.CommandContext(ctx, program, in.url(in.Database, in.User, in.Password.Reveal()), strconv.Itoa(migrators))
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(schemas, "\n")), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("goose: %w", err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return err
	}
	in.set("migrations/goose", float64(len(ids))/seconds)
	return nil
}

// gooseProgram builds the reference that uses goose. It is in a module of its own, so
// that goose is no dependency of Partywall's.
func (b *bench) gooseProgram(ctx context.Context) (string, error) {
	program := filepath.Join(b.scratch, "goosefleet")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/partywall-go/partywall").Output()
	if err != nil {
		return "", fmt.Errorf("run it in Partywall's repository: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./fleet")
	build.Dir, build.Stderr = filepath.Join(strings.TrimSpace(string(root)), "testdata", "goose"), os.Stderr
	return program, build.Run()
}

// measureNothingToDo measures the commands where no tenant is behind.
func (in *installation) measureNothingToDo(ctx context.Context) error {
	for _, command := range []string{"up", "status", "plan"} {
		var times []float64
		for range 3 {
			took, _, err := in.command(ctx, "migrate", command)
			if err != nil {
				return err
			}
			times = append(times, took.Seconds())
		}
		in.set("nothing/"+command, measure.Median(times))
	}
	return nil
}
