package argon2

import (
	"strings"
	"testing"
)

// referenceHash is the hash of "password" with the salt "somesalt", from the tests of
// Argon2's reference implementation (src/test.c).
const referenceHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestParse(t *testing.T) {
	t.Run("a hash of the reference implementation is matched by its password alone", func(t *testing.T) {
		h, err := parse(referenceHash)
		if err != nil {
			t.Fatal(err)
		}
		if !h.matches("password") || h.matches("passwore") {
			t.Error("it is another password's")
		}
	})
	t.Run("the decoy reads like any other", func(t *testing.T) {
		if _, err := parse(decoy().String()); err != nil {
			t.Error(err)
		}
	})
	for name, change := range map[string][2]string{
		"of Argon2i":                 {"argon2id", "argon2i"},
		"of an older version":        {"v=19", "v=16"},
		"of too much memory":         {"m=65536", "m=65537"},
		"of too little memory":       {"m=65536", "m=7"},
		"of memory beyond 32 bits":   {"m=65536", "m=4295032832"},
		"of no passes":               {"t=2", "t=0"},
		"of too many passes":         {"t=2", "t=11"},
		"of no threads":              {"p=1", "p=0"},
		"of too many threads":        {"p=1", "p=5"},
		"of threads beyond 8 bits":   {"p=1", "p=257"},
		"of numbers with a zero":     {"t=2", "t=02"},
		"of parameters out of order": {"t=2,p=1", "p=1,t=2"},
		"of a short salt":            {"c29tZXNhbHQ", "c29tZXM"},
		"of a padded salt":           {"c29tZXNhbHQ", "c29tZXNhbHQ="},
		"of a salt with stray bits":  {"c29tZXNhbHQ", "c29tZXNhbHR"},
		"of a salt on two lines":     {"c29tZXNhbHQ", "c29tZXNh\nbHQ"},
		"of a short key":             {"aMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", ""},
		"with a tail":                {"GRPPc", "GRPPc$"},
		"with a space before":        {"$argon2id", " $argon2id"},
	} {
		t.Run("a hash "+name+" is refused", func(t *testing.T) {
			s := strings.Replace(referenceHash, change[0], change[1], 1)
			if s == referenceHash {
				t.Fatal("it is the good one")
			}
			if h, err := parse(s); err == nil {
				t.Errorf("%q became %+v", s, h)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(referenceHash)
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$")
	f.Add("$$$,,$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parse(s)
		if err != nil {
			return
		}
		if h.String() != s {
			t.Errorf("%q was read as %q", s, h)
		}
		if !h.withinBounds() {
			t.Errorf("%q is out of bounds", s)
		}
	})
}
