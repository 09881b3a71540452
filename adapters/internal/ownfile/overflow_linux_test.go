package ownfile

import "testing"

func TestWholeMap(t *testing.T) {
	for ids, want := range map[string]bool{
		"         0          0 4294967295\n": true,
		"         0       1000          1\n": false,
		"0 1000 1\n1 100000 65536\n":         false,
		"1000 1000 1\n":                      false,
		"":                                   false,
	} {
		if got := isWholeMap(ids); got != want {
			t.Errorf("%q: %v", ids, got)
		}
	}
}
