package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/realservers"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "product" {
		os.Exit(product(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// installedVersion returns the major version of a PostgreSQL of Debian's.
func installedVersion(t *testing.T) int {
	t.Helper()
	_, err := embeddedpg.FindBinaries()
	realservers.Need(t, err)
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/psql")
	if err != nil || len(found) == 0 {
		realservers.Need(t, &realservers.Missing{Server: "psql", Install: "apt-get install postgresql", Err: errors.Join(err, os.ErrNotExist)})
	}
	version, err := strconv.Atoi(strings.Split(found[0], "/")[4])
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// TestARun measures all that there is, each for a moment, and looks at what comes of it.
func TestARun(t *testing.T) {
	version := installedVersion(t)
	b := &bench{
		options: options{Servers: strconv.Itoa(version), Tenants: "12", Connections: 4, Gates: 2}, servers: []int{version}, tenants: []int{12}, dir: t.TempDir(),
		effort: effort{rounds: 1, round: 200 * time.Millisecond, minute: 200 * time.Millisecond, firstScopes: 2, greed: 300 * time.Millisecond, creations: 4, sample: 4, rows: 1000},
	}
	t.Cleanup(func() { removeData(t, b) })
	if err := b.run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for name, value := range b.figures.Values {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			t.Errorf("%s is %v", name, value)
		}
	}
	var table bytes.Buffer
	if err := b.print(&table); err != nil || strings.Contains(table.String(), "NaN") || strings.Contains(table.String(), "Inf") {
		t.Errorf("%v, the table is\n%s", err, &table)
	}
	for name, c := range b.charts() {
		if len(c.curves) == 0 || len(c.curves[0].points) == 0 {
			t.Errorf("%s has no points", name)
		}
		mustBeXML(t, c.svg())
	}

	mustWriteDocs(t, b)

	steps := len(b.figures.Steps)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.run(ctx, false); err != nil || len(b.figures.Steps) != steps {
		t.Errorf("a second run measures again: %v, %d steps in place of %d", err, len(b.figures.Steps), steps)
	}
}

// removeData removes the data folder, which root's server has elsewhere.
func removeData(t *testing.T, b *bench) {
	t.Helper()
	for _, version := range b.servers {
		for _, tenants := range b.tenants {
			server, err := embeddedpg.Start(context.Background(), embeddedpg.Config{DataDir: b.home(version, tenants)})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(server.Close(), os.RemoveAll(server.Dir)); err != nil {
				t.Error(err)
			}
		}
	}
}

// mustWriteDocs writes into a copy of the page, twice: the second time replaces the first.
func mustWriteDocs(t *testing.T, b *bench) {
	t.Helper()
	docs := t.TempDir()
	page, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(docs, "scale.md"), page, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.write(docs), b.write(docs)); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(docs, "scale.md"))
	if err != nil || strings.Count(string(written), "## What was found") != 1 {
		t.Errorf("%v, the page is\n%s", err, written)
	}
	for name := range b.charts() {
		if _, err := os.Stat(filepath.Join(docs, "scale", name+".svg")); err != nil || !strings.Contains(string(written), "(scale/"+name+".svg)") {
			t.Errorf("%s is not in the page: %v", name, err)
		}
	}
}

func mustBeXML(t *testing.T, text string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

func TestAScaleEndsAtARoundNumber(t *testing.T) {
	for most, want := range map[float64][2]float64{0: {1, 1}, 1: {5, 1}, 174: {4, 200}, 2860: {6, 3000}, 6500: {4, 8000}, 9999: {5, 10000}} {
		if steps, top := scale(most); top < most || float64(steps) != want[0] || math.Abs(top-want[1]) > 1e-9 {
			t.Errorf("up to %v: %d steps to %v, want %v", most, steps, top, want)
		}
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for value, want := range map[float64]string{0: "0", 0.25: "0.2", 3.14: "3.1", 12.5: "13", 1234567: "1,234,567"} {
		if got := number(value); got != want {
			t.Errorf("%v is %s, want %s", value, got, want)
		}
	}
}

func TestOptionsAreRead(t *testing.T) {
	b, docs, fresh, err := parse([]string{"-quick", "-server", "18,15", "-fresh", "-docs", "docs"})
	if err != nil || docs != "docs" || !fresh || b.effort != quick || len(b.tenants) != 2 || b.servers[0] != 15 {
		t.Errorf("got %+v, %q, %v, %v", b, docs, fresh, err)
	}
	for _, args := range [][]string{{"-tenants", "5"}, {"-tenants", "10,x"}, {"-server", ""}, {"-tenants", "100000"}, {"-connections", "0"}} {
		if _, _, _, err := parse(args); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
