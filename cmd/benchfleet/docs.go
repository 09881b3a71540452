package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// charts returns the curves, by the name of their file.
func (b *bench) charts() map[string]chart {
	return map[string]chart{
		"throughput":  b.chart("Scoped statements a second, uniform traffic", "a second", "uniform/partywall", "Partywall", "uniform/one-pool", "one pool"),
		"uneven":      b.chart(fmt.Sprintf("Scoped statements a second, Zipf %.1f", zipfExponent), "a second", "zipf/partywall", "Partywall", "zipf/one-pool", "one pool"),
		"first-scope": b.chart("First scope after another tenant was created: the worst, beyond the usual", "ms", "first/partywall", "Partywall", "first/one-pool", "one pool"),
		"memory":      b.chart("Private memory of a backend after uniform traffic", "MiB", "memory/partywall", "Partywall", "memory/one-pool", "one pool"),
		"creations":   b.chart("Tenants created a second", "a second", "creations/partywall", "Partywall", "creations/psql", "psql"),
		"migrations":  b.chart("Tenants migrated a second, a file of one statement", "a second", "migrations/partywall", "Partywall", "migrations/psql", "psql", "migrations/goose", "goose"),
	}
}

// chart returns the curves of figures, each with its name, for each server. All but the
// first are references.
func (b *bench) chart(title, unit string, named ...string) chart {
	c := chart{title: title, unit: unit}
	for i := 0; i < len(named); i += 2 {
		for color, version := range b.servers {
			curve := curve{name: fmt.Sprintf("%s, PostgreSQL %d", named[i+1], version), color: color, dashed: i > 0}
			if i > 2 {
				curve.color += len(b.servers)
			}
			for _, tenants := range b.tenants {
				if b.figures.has(version, tenants, named[i]) {
					curve.points = append(curve.points, point{tenants, max(0, b.figures.of(version, tenants, named[i]))})
				}
			}
			c.curves = append(c.curves, curve)
		}
	}
	return c
}

// The marks around what write replaces in scale.md.
const (
	tableBegin = "<!-- benchfleet writes what follows -->\n"
	tableEnd   = "<!-- until here -->\n"
)

// write writes the tables into scale.md, and the curves into a folder beside it.
func (b *bench) write(docs string) error {
	page := filepath.Join(docs, "scale.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return fmt.Errorf("%s lacks the marks %q and %q", page, tableBegin, tableEnd)
	}
	if err := os.WriteFile(page, []byte(before+tableBegin+b.markdown()+tableEnd+after), 0o644); err != nil { //nolint:gosec // the docs are public
		return err
	}
	folder := filepath.Join(docs, curvesFolder)
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // the docs are public
		return err
	}
	for name, chart := range b.charts() {
		if err := os.WriteFile(filepath.Join(folder, name+".svg"), []byte(chart.svg()), 0o644); err != nil { //nolint:gosec // the docs are public
			return err
		}
	}
	return nil
}

// curvesFolder is where the curves are, seen from scale.md.
const curvesFolder = "scale"

// markdown returns the tables of all servers, and the curves.
func (b *bench) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n## What was found\n\n%s, on %s, %d connections to tenants:\n", b.figures.Machine, b.figures.Began.Format("January 2, 2006"), b.Connections)
	for _, version := range b.servers {
		fmt.Fprintf(&text, "\n### PostgreSQL %d\n\n| %s |\n|%s\n", version, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
		for _, l := range b.lines(version) {
			fmt.Fprintf(&text, "| %s |\n", strings.Join(l.cells(), " | "))
		}
	}
	charts := b.charts()
	for _, name := range slices.Sorted(maps.Keys(charts)) {
		fmt.Fprintf(&text, "\n![%s](%s/%s.svg)\n", charts[name].title, curvesFolder, name)
	}
	return text.String()
}
