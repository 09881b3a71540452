package embeddedpg_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/internal/logbuffer"
	"github.com/partywall-go/partywall/ports/doctor"
)

// fakePackage is a folder of programs that run the machine's own programs, but
// report another version.
type fakePackage struct {
	t           *testing.T
	dir, actual string
	version     string // the version of the machine's own programs
}

func newFakePackage(t *testing.T) *fakePackage {
	t.Helper()
	needServer(t)
	actual, err := embeddedpg.FindBinaries()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "programs-") // the server's account can enter it
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &fakePackage{t: t, dir: dir, actual: actual}
	s, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{BinDir: actual})
	if err != nil {
		t.Fatal(err)
	}
	p.version = ask(t, login(t, s), "SHOW server_version")
	closeServer(t, s)
	p.write("initdb", "")
	return p
}

func (p *fakePackage) write(name, first string) {
	p.t.Helper()
	script := fmt.Sprintf("#!/bin/sh\n%s\nexec '%s' \"$@\"\n", first, filepath.Join(p.actual, name))
	staging := filepath.Join(p.dir, name+".new") // as a package is unpacked
	if err := errors.Join(os.WriteFile(staging, []byte(script), 0o755), os.Chmod(staging, 0o755), os.Rename(staging, filepath.Join(p.dir, name))); err != nil {
		p.t.Fatal(err)
	}
}

// install puts the programs of a version in place.
func (p *fakePackage) install(version string) {
	p.t.Helper()
	p.write("postgres", fmt.Sprintf("case $1 in --version|-V) echo 'postgres (PostgreSQL) %s'; exit;; esac", version))
}

func TestUpgrade(t *testing.T) {
	programs, folder := newFakePackage(t), dataDir(t)
	major, _, _ := strings.Cut(programs.version, ".")
	later := major + ".99 (Fake)"
	programs.install(programs.version)
	var log logbuffer.Buffer
	config := embeddedpg.Config{DataDir: folder, BinDir: programs.dir, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	finding := func(t *testing.T) doctor.Finding {
		t.Helper()
		found := embeddedpg.RunChecks(t.Context(), config)
		if len(found) != len(embeddedpg.Checks()) {
			t.Fatalf("%+v", found)
		}
		return found[0]
	}
	wants := func(t *testing.T, severity doctor.Severity, text string) {
		t.Helper()
		if f := finding(t); f.Severity != severity || !strings.Contains(f.Summary+" / "+f.Fix, text) {
			t.Errorf("want %s with %q, got %+v", severity, text, f)
		}
	}
	wants(t, doctor.OK, "no private PostgreSQL exists")
	if _, err := os.Stat(folder); err == nil {
		t.Error("the check created the data folder")
	}
	s, err := embeddedpg.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, s) })
	db := login(t, s)
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	before := postmaster(t, s.Dir)
	wants(t, doctor.OK, programs.version+", as installed")

	t.Run("programs that are removed are an error in the log, and in the doctor's findings", func(t *testing.T) {
		if err := os.Remove(filepath.Join(programs.dir, "postgres")); err != nil {
			t.Fatal(err)
		}
		wants(t, doctor.Error, "its programs were removed")
		eventually(t, time.Minute, "the log reports it", func() bool { return strings.Contains(log.String(), "install its version again") })
	})
	t.Run("the same version installed again changes nothing", func(t *testing.T) {
		programs.install(programs.version)
		wants(t, doctor.OK, "as installed")
		time.Sleep(3 * embeddedpg.UpgradePoll)
		if postmaster(t, s.Dir) != before || strings.Contains(log.String(), "restarted") {
			t.Error("it was restarted")
		}
	})
	t.Run("another version restarts the server, with its data", func(t *testing.T) {
		programs.install(later)
		wants(t, doctor.Warning, "but "+later+" is installed")
		eventually(t, time.Minute, "it was restarted", func() bool { return strings.Contains(log.String(), "is ready again") })
		if postmaster(t, s.Dir) == before {
			t.Error("it's the same process")
		}
		if !strings.Contains(log.String(), `to="`+later+`"`) || !has(t, s, "kept") {
			t.Errorf("the log:\n%s", log.String())
		}
	})
	closeServer(t, s)
	wants(t, doctor.OK, "is not running")
}
