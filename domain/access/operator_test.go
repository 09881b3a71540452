package access_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

func TestOperatorKeys(t *testing.T) {
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 40)
	keys, err := access.ParseOperatorKeys(domain.NewSecret(first + ", " + second))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{first: true, second: true, "": false, first + ",": false, first + "," + second: false, first[:31]: false} {
		if _, ok := keys.Prove(domain.NewSecret(token)); ok != want {
			t.Errorf("Prove(%q) = %v", token, ok)
		}
	}
	for _, s := range []string{"short", first + ",", first + "," + second + "," + first} {
		if _, err := access.ParseOperatorKeys(domain.NewSecret(s)); domain.KindOf(err) != domain.Invalid {
			t.Errorf("ParseOperatorKeys(%q) = %v", s, err)
		}
	}
	none, err := access.ParseOperatorKeys(domain.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := none.Prove(domain.Secret{}); ok {
		t.Error("the zero OperatorKeys prove a caller without a token")
	}
}
