package schema

import (
	"strings"
	"testing"
)

func TestUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want []string // the statements that run
	}{
		"a plain file":                       {"CREATE TABLE a (); -- +gooseberry\nSELECT 1", []string{"CREATE TABLE a ();", "SELECT 1"}},
		"prose about goose":                  {"-- written for a tool other than +goose\nSELECT 1;", []string{"SELECT 1;"}},
		"up alone":                           {"-- +goose Up\nSELECT 1;\nSELECT 2;", []string{"SELECT 1;", "SELECT 2;"}},
		"up and down":                        {"-- +goose Up\nSELECT 1;\n\n-- +goose Down\nSELECT 2;\n", []string{"SELECT 1;"}},
		"comments before up":                 {"-- notes\n\n  -- more\n-- +goose Up\nSELECT 1;", []string{"SELECT 1;"}},
		"marks in other case":                {"--   +goose UP\nSELECT 1;\n-- +goose down\nSELECT 2;", []string{"SELECT 1;"}},
		"nothing to run":                     {"-- +goose Up\n-- +goose Down\nSELECT 2;", nil},
		"a block":                            {"-- +goose Up\n-- +goose StatementBegin\nDO $$\nBEGIN\n\tPERFORM 1;\nEND $$;\n-- +goose StatementEnd\nSELECT 2;", []string{"DO $$\nBEGIN\n\tPERFORM 1;\nEND $$;", "SELECT 2;"}},
		"a block without a semicolon":        {"-- +goose Up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\nSELECT 2;", []string{"SELECT 1\n;", "SELECT 2;"}},
		"a body that needs no block":         {"-- +goose Up\nDO $$ BEGIN\nPERFORM 1;\nEND $$;\nSELECT 2;", []string{"DO $$ BEGIN\nPERFORM 1;\nEND $$;", "SELECT 2;"}},
		"a block of the part that goes down": {"-- +goose Up\nSELECT 1;\n-- +goose Down\n-- +goose StatementBegin\nSELECT 2;\n-- +goose StatementEnd\n", []string{"SELECT 1;"}},
		"a transaction of its own":           {"-- +goose Up\nBEGIN;\nSELECT 1;\nCOMMIT;\n-- +goose Down\nSELECT 2;", []string{"SELECT 1;"}},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, err := up(c.file)
			if err != nil {
				t.Fatal(err)
			}
			if got := split(withoutTransaction(text)); strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if !strings.HasPrefix(c.file, "-- +goose") {
				return
			}
			for _, s := range c.want { // the server's line numbers are the file's
				first, _, _ := strings.Cut(s, "\n")
				if strings.Index(text, first) != strings.Index(c.file, first) {
					t.Errorf("%q moved: %q", first, text)
				}
			}
		})
	}
}

func TestMarksThatAreRefused(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"-- +goose Down\nSELECT 1;":                                           "line 1: -- +goose Down comes once",
		"SELECT 1;\n-- +goose Up\n":                                           "line 1: a statement comes before",
		"/* notes */\n-- +goose Up\n":                                         "line 1: a statement comes before",
		"-- +goose Up\n-- +goose Up\n":                                        "line 2: a second",
		"-- +goose Up\n-- +goose Down\n-- +goose Down\n":                      "line 3: -- +goose Down comes once",
		"-- +goose Up\n-- +goose Down\n-- +goose Up\n":                        "line 3: a second",
		"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\n": "line 4: -- +goose Down comes once",
		"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;":                   "no -- +goose StatementEnd",
		"-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n":  "line 3",
		"-- +goose Up\nSELECT 1;\n-- +goose StatementEnd\n":                   "line 3",
		"-- +goose StatementBegin\n-- +goose Up\n":                            "line 1",
		"-- +goose Up\n  -- +goose Down\n":                                    "line 2: a mark of goose begins its line",
		"-- +goose Up\n-- +goose Upp\n":                                       `line 2: goose has no mark "Upp"`,
		"-- +goose Up\n-- +goose\n":                                           `goose has no mark ""`,
		"-- +goose Up\n-- +goose Down +goose Down\n":                          "goose has no mark",
		"-- +goose Up\n-- as +goose has it\n":                                 "goose has no mark",

		"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${HOME}';": "line 1: goose's ENVSUB",
		"-- +goose Up\nSELECT 1;\n-- +goose ENVSUB OFF\n":      "line 3: goose's ENVSUB",
	} {
		if _, _, err := up(file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", file, err, says)
		}
	}
}

func FuzzUp(f *testing.F) {
	for _, seed := range []string{
		"-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;", "-- +goose Up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\n",
		"-- +goose ENVSUB ON", " -- +goose Up", "--+goose up\n", "SELECT 1; -- +goose Up",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		text, _, err := up(file)
		if err != nil {
			if text != "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q: %q, %v", file, text, err)
			}
			return
		}
		if len(text) > len(file) {
			t.Fatalf("%q became %q", file, text)
		}
		for i := range len(text) { // each byte stays, or makes room for what is left out
			if text[i] != file[i] && text[i] != ' ' && text[i] != ';' {
				t.Fatalf("%q became %q", file, text)
			}
		}
		for line := range strings.Lines(text) {
			if text != file && strings.HasPrefix(line, "-- +goose Down") {
				t.Fatalf("%q still goes down: %q", file, text)
			}
		}
	})
}
