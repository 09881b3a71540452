package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// result prints object with --json, and the text otherwise.
func (c console) result(cmd invocation, object any, format string, args ...any) error {
	if cmd.Bool("json") {
		return json.NewEncoder(c.out).Encode(object)
	}
	_, err := fmt.Fprintf(c.out, format+"\n", args...)
	return err
}

// reporter returns a function that prints a line of progress, in place of the bar. What is
// reported goes on unread where the output is closed.
func (c console) reporter(cmd invocation, b *bar) func(line string) {
	return func(line string) {
		b.clear()
		_ = c.result(cmd, progressObject{line}, "%s", line)
	}
}

// table prints rows: with --json an object on each line, otherwise in aligned columns below a
// heading. After an error it prints no more, and flush returns the error.
type table struct {
	objects *json.Encoder // nil without --json
	columns *tabwriter.Writer
	err     error
}

func (c console) table(cmd invocation, heading ...string) *table {
	if cmd.Bool("json") {
		return &table{objects: json.NewEncoder(c.out)}
	}
	t := &table{columns: tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)}
	t.row(nil, heading...)
	return t
}

func (t *table) row(object any, cells ...string) {
	switch {
	case t.err != nil:
	case t.objects != nil:
		t.err = t.objects.Encode(object)
	default:
		_, t.err = io.WriteString(t.columns, strings.Join(cells, "\t")+"\n")
	}
}

func (t *table) flush() error {
	if t.err != nil || t.objects != nil {
		return t.err
	}
	return t.columns.Flush()
}
