package archive

import (
	"reflect"
	"strings"
	"testing"
)

func TestRowsOfRecords(t *testing.T) {
	t.Parallel()
	for record, want := range map[string][]any{
		`()`:                         {nil},
		`("")`:                       {""},
		`(,)`:                        {nil, nil},
		`(a,"b ""q"", \\ c",)`:       {"a", `b "q", \ c`, nil},
		"(\"a\tb\nc\rd\",\"\\\\N\")": {"a\tb\nc\rd", `\N`},
		`("(1,""x y"")",ü)`:          {`(1,"x y")`, "ü"},
		`({1},",")`:                  {"{1}", ","},
	} {
		line, err := appendRow(nil, []byte(record), len(want))
		if err != nil || !strings.HasSuffix(string(line), "\n") || strings.Count(string(line), "\n") != 1 {
			t.Errorf("%s: %q, %v", record, line, err)
			continue
		}
		got := make([]any, len(want))
		if err := parseRow(line[:len(line)-1], got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, %v", record, got, err)
		}
	}
	for _, record := range []string{"", "(", "a", "(a", "(a,b)", `("a)`, "(a)b"} {
		if line, err := appendRow(nil, []byte(record), 1); err == nil {
			t.Errorf("%q became %q", record, line)
		}
	}
}

func TestLinesThatNoExportWrites(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "a\tb\tc", `\.` + "\tx", "a\t\\x41", "a\tb\\"} {
		if err := parseRow([]byte(line), make([]any, 2)); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
	if err := parseRow([]byte("x"), nil); err == nil {
		t.Error("a value without a column was accepted")
	}
}

func FuzzRows(f *testing.F) {
	f.Add([]byte("a\\n\tb\\\\\t\\N"), 3)
	f.Fuzz(func(t *testing.T, line []byte, columns int) {
		values := make([]any, max(0, min(columns, 10)))
		_ = parseRow(line, values)
		_, _ = appendRow(nil, line, len(values))
	})
}
