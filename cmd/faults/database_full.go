package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/cli"
)

// productVariable makes this program the product whose tenants have rows.
const productVariable = "PARTYWALL_FAULTS_PRODUCT"

// product is a program whose tenants have 20 MiB of rows each.
func product() cli.Program {
	return cli.Program{Name: "faults", Configure: func(cfg app.Config) app.Config {
		cfg.TenantMigrations = fstest.MapFS{"0001_notes.sql": {Data: []byte(`
			CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
			INSERT INTO notes (text) SELECT repeat(md5(n::text), 10) FROM generate_series(1, 50000) n`)}}
		return cfg
	}}
}

// databaseFull has the database on a disk of 300 MiB, fills that, creates a tenant and
// imports one, and makes room again.
func databaseFull(ctx context.Context, bed *testbed) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	bed.program = self
	bed.common = append(bed.common, productVariable+"=1")
	db, env, err := bed.database(ctx)
	if err != nil {
		return "", err
	}
	if moved, err := bed.toSmallDisk(ctx, db); err != nil || !moved {
		return "skipped: only root can mount a small disk", err
	}
	s, err := bed.serve(ctx, env)
	if err != nil {
		return "", err
	}
	if _, err := s.owner(ctx, "acme"); err != nil {
		return "", err
	}
	archive := filepath.Join(bed.dir, "acme.tar.zst")
	if line, err := bed.command(ctx, env, "tenants", "export", "acme", "-o", archive); err != nil {
		return "", fmt.Errorf("the export: %w: %s", err, line)
	}
	makeRoom, err := fill(db.Dir)
	if err != nil {
		return "", err
	}
	_, refused := s.owner(ctx, "bolt")
	line, err := bed.command(ctx, env, "tenants", "import", archive, "--as", "copy")
	reading := s.answers(ctx, "acme")
	if refused == nil || !strings.HasSuffix(refused.Error(), " returns 503") || err == nil || strings.Count(line, "\n") > 1 || reading != http.StatusOK {
		return "", fmt.Errorf("a creation ends with %w, a read returns %d, the import ends with %w: %s", refused, reading, err, line)
	}
	makeRoom()
	took, err := s.awaitReady(ctx, 10*time.Second)
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{{"tenants", "check"}, {"tenants", "import", archive, "--as", "copy"}, {"tenants", "check"}} {
		if line, err := bed.command(ctx, env, args...); err != nil {
			return "", fmt.Errorf("with room again, %v: %w: %s", args, err, line)
		}
	}
	if _, err := s.owner(ctx, "crux"); err != nil {
		return "", fmt.Errorf("with room again: %w", err)
	}
	return fmt.Sprintf("503 for a creation, 200 for a read, one line for an import (%s); nothing left; ready %d ms after there was room", strings.TrimSpace(line), took.Milliseconds()), nil
}

// toSmallDisk moves the data of the database to a small disk. It reports false if this
// process may not mount one.
func (l *testbed) toSmallDisk(ctx context.Context, db *embeddedpg.Server) (moved bool, err error) {
	if err := db.Stop(ctx); err != nil {
		return false, err
	}
	before := db.Dir + ".before"
	if err := os.Rename(db.Dir, before); err != nil {
		return false, err
	}
	l.closers = append(l.closers, func() { _ = os.RemoveAll(before) })
	if err := os.Mkdir(db.Dir, 0o700); err != nil {
		return false, err
	}
	if err := mountSmall(db.Dir, 300); err != nil {
		return false, nil //nolint:nilerr // the table shows it
	}
	l.closers = append(l.closers, func() { _ = db.Close(); unmount(db.Dir) })
	if out, err := exec.CommandContext(ctx, "cp", "-a", before+"/.", db.Dir).CombinedOutput(); err != nil {
		return false, fmt.Errorf("%w: %s", err, out)
	}
	return true, db.Restart(ctx)
}

// fill fills the disk of a folder, and returns what makes room.
func fill(dir string) (makeRoom func(), err error) {
	path := filepath.Join(dir, "filler")
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for block := make([]byte, 64<<10); err == nil; {
		_, err = file.Write(block)
	}
	return func() { _ = os.Remove(path) }, nil
}

// command runs a command of the program, and returns what it writes to the standard error.
func (l *testbed) command(ctx context.Context, env map[string]string, args ...string) (stderr string, err error) {
	cmd := exec.CommandContext(ctx, l.program, args...)
	cmd.Env, cmd.Dir = l.environ(env), l.dir
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &text
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
		return text.String(), fmt.Errorf("it crashed: %w", err)
	}
	return text.String(), err
}
