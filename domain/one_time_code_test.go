package domain_test

import (
	"testing"
	"unicode"

	"github.com/partywall-go/partywall/domain"
)

func TestACodeIsReadInEverySpelling(t *testing.T) {
	for _, written := range []string{
		"12345678", " 12345678", "12345678\n", "12345678\r\n", "1234 5678", "1234-5678", "12 34 56 78", "1234\u00a05678", "1234\u20095678", "1234\u20115678",
		"1234\u20135678", "1234\u20145678", "1234\u22125678", "\u200b12345678\ufeff", "1234\u00ad5678", "\t1234\v5678\f", "１２３４５６７８", "１２３４－５６７８", "١٢٣٤٥٦٧٨", "۱۲۳۴۵۶۷۸",
		"१२३४५६७८", "𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "1234\u20285678", "\u202a12345678\u202c",
	} {
		if code, ok := domain.ParseOneTimeCode(domain.NewSecret(written)); !ok || code.Reveal() != "12345678" {
			t.Errorf("%q is read as %q, %v", written, code.Reveal(), ok)
		}
	}
}

func TestTextThatIsNoCode(t *testing.T) {
	for _, written := range []string{"", " ", "-", "\n", "wrong", "1234567a", "0x12345678", "12,345,678", "1234.5678", "+12345678", "1e7", "\x001234", "1234\x7f", "12½", "\xff1234"} {
		if code, ok := domain.ParseOneTimeCode(domain.NewSecret(written)); ok {
			t.Errorf("%q is read as %q", written, code.Reveal())
		}
	}
}

func TestEveryScriptsDigitsHaveTheirValue(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("the digits from %U to %U are not ten in a row", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("the digits from %U to %U are not ten in a row", r.Lo, r.Hi)
		}
	}
}

func FuzzParseOneTimeCode(f *testing.F) {
	f.Add("1234-5678")
	f.Add("\xff１")
	f.Fuzz(func(t *testing.T, written string) {
		code, ok := domain.ParseOneTimeCode(domain.NewSecret(written))
		if !ok {
			return
		}
		for _, r := range code.Reveal() {
			if r < '0' || r > '9' {
				t.Fatalf("%q is read as %q", written, code.Reveal())
			}
		}
		if again, ok := domain.ParseOneTimeCode(code); !ok || again != code {
			t.Fatalf("%q is read as %q, and that as %q", written, code.Reveal(), again.Reveal())
		}
	})
}
