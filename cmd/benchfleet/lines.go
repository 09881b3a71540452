package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// line is one promise, with what was measured.
type line struct {
	what, figure, reference, ratio, target string
	met                                    bool
}

func (l line) result() string {
	switch {
	case l.target == "":
		return ""
	case l.met:
		return "OK"
	}
	return "short"
}

func (l line) cells() []string {
	return []string{l.what, l.figure, l.reference, l.ratio, l.target, l.result()}
}

var columns = []string{"what", "Partywall", "beside it", "ratio", "target", "result"}

// print prints a table for each server.
func (b *bench) print(out io.Writer) error {
	fmt.Fprintf(out, "%s; %d connections to tenants; load, programs and database share the cores\n", b.figures.Machine, b.Connections)
	for _, version := range b.servers {
		fmt.Fprintf(out, "\nPostgreSQL %d\n", version)
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, strings.ToUpper(strings.Join(columns, "\t")))
		for _, l := range b.lines(version) {
			fmt.Fprintln(table, strings.Join(l.cells(), "\t"))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// report reads the figures of a server.
type report struct {
	*figures
	version      int
	fewest, most int // tenants
	all          []line
}

func (r *report) few(name string) float64  { return r.of(r.version, r.fewest, name) }
func (r *report) many(name string) float64 { return r.of(r.version, r.most, name) }

func (r *report) add(l line) { r.all = append(r.all, l) }

// lines compares the most tenants with the fewest.
func (b *bench) lines(version int) []line {
	r := &report{figures: b.figures, version: version, fewest: b.tenants[0], most: b.tenants[len(b.tenants)-1]}
	r.traffic()
	r.neighbours()
	r.creations()
	r.migrations()
	r.memory()
	r.starts()
	return r.all
}

// least is a line whose ratio must be that large.
func (r *report) least(what, figure, reference string, ratio, target float64) {
	r.add(line{what, figure, reference, fmt.Sprintf("%.2f", ratio), fmt.Sprintf("at least %.2f", target), ratio >= target})
}

// most is a line whose value must not be larger.
func (r *report) limit(what, format string, value float64, reference string, target float64) {
	r.add(line{what, fmt.Sprintf(format, value), reference, "", "at most " + fmt.Sprintf(format, target), value <= target})
}

func (r *report) traffic() {
	for _, kind := range []struct {
		name, what string
		target     float64
	}{{"uniform", "uniform", 0.8}, {"zipf", fmt.Sprintf("Zipf %.1f", zipfExponent), 0.95}} {
		ours, pool := kind.name+"/partywall", kind.name+"/one-pool"
		r.least(
			fmt.Sprintf("scoped statements a second over %s tenants against %s, %s", thousands(r.most), thousands(r.fewest), kind.what),
			fmt.Sprintf("%.0f, %.0f", r.many(ours), r.few(ours)),
			fmt.Sprintf("one pool: %.0f, %.0f, %.2f", r.many(pool), r.few(pool), r.many(pool)/r.few(pool)),
			r.many(ours)/r.few(ours), kind.target)
	}
	r.limit("a backend's private memory after uniform traffic", "%.0f MiB", r.many("memory/partywall"), fmt.Sprintf("one pool: %.0f MiB", r.many("memory/one-pool")), 32)
}

func (r *report) neighbours() {
	r.limit("the first scope after another tenant was created, the worst, beyond the usual", "%.1f ms", r.many("first/partywall"),
		fmt.Sprintf("one pool: %.1f ms; the medians: %.1f, %.1f ms", r.many("first/one-pool"), r.many("first-median/partywall"), r.many("first-median/one-pool")), 5)
	for _, group := range []struct {
		name, what string
		target     float64
	}{{"same-gate", "of the same gate", 2}, {"elsewhere", "of other gates", 1.5}} {
		if !r.has(r.version, r.most, "greed/"+group.name+"/before") {
			continue
		}
		before, while := r.many("greed/"+group.name+"/before"), r.many("greed/"+group.name+"/while")
		ratio := while / before
		r.add(line{
			fmt.Sprintf("p99 of others %s beside a tenant with %d times their load", group.what, greed),
			fmt.Sprintf("%.1f ms", while), fmt.Sprintf("%.1f ms before", before), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("at most %.2f", group.target), ratio <= group.target,
		})
	}
}

func (r *report) creations() {
	ours, psql, few := r.many("creations/partywall"), r.many("creations/psql"), r.few("creations/partywall")
	r.least("creations a second, against psql with the same SQL", fmt.Sprintf("%.0f", ours), fmt.Sprintf("psql: %.0f", psql), ours/psql, 0.9)
	r.least(fmt.Sprintf("creations a second at %s tenants against few", thousands(r.most)), fmt.Sprintf("%.0f", ours), fmt.Sprintf("%.0f at %s tenants and some more", few, thousands(r.fewest)), ours/few, 0.8)
}

func (r *report) migrations() {
	ours, psql, goose := r.many("migrations/partywall"), r.many("migrations/psql"), r.many("migrations/goose")
	figure := fmt.Sprintf("%.0f", ours)
	r.least("tenants migrated a second, against psql with the same SQL", figure, fmt.Sprintf("psql: %.0f; the statement alone: %.0f", psql, r.many("migrations/bare")), ours/psql, 0.9)
	r.least("the same, against goose with a handle for each schema", figure, fmt.Sprintf("goose: %.0f", goose), ours/goose, 1)
	for _, command := range []string{"up", "status"} {
		r.limit("migrate "+command+" with nothing to do", "%.2f s", r.many("nothing/"+command), fmt.Sprintf("%.2f s at %s tenants", r.few("nothing/"+command), thousands(r.fewest)), 1)
	}
}

func (r *report) memory() {
	r.limit(fmt.Sprintf("memory of migrate up, beyond that at %s tenants", thousands(r.fewest)), "%.0f MiB", r.many("migrations/memory")-r.few("migrations/memory"), "", 64)
	for _, what := range []string{"export", "import"} {
		r.limit(fmt.Sprintf("memory of tenants %s of many rows, beyond that of few", what), "%.0f MiB", r.many("archive/"+what), "", 64)
	}
}

func (r *report) starts() {
	r.limit("a process's start", "%.2f s", r.many("start/process"), fmt.Sprintf("%.2f s at %s tenants", r.few("start/process"), thousands(r.fewest)), 1)
	r.limit("a start with a private server that was stopped orderly", "%.2f s", r.many("start/private"), fmt.Sprintf("%.2f s at %s tenants", r.few("start/private"), thousands(r.fewest)), 5)
}

// thousands returns a number as people read it.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
