package domain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The samples of RFC 3492, section 7.1, in lower case, and some more.
var punycodeSamples = map[string]string{
	"ليهمابتكلموشعربي؟":               "egbpdaj6bu4bxfgehfvwxn",
	"他们为什么不说中文":                       "ihqwcrb4cv8a8dqg056pqjye",
	"他們爲什麽不說中文":                       "ihqwctvzc91f659drss3x8bo0yb",
	"pročprostěnemluvíčesky":          "proprostnemluvesky-uyb24dma41a",
	"למההםפשוטלאמדבריםעברית":          "4dbcagdahymbxekheh6e0a7fei0b",
	"なぜみんな日本語を話してくれないのか":              "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa",
	"почемужеонинеговорятпорусски":    "b1abfaaepdrnnbgefbadotcwatmq2g4l",
	"tạisaohọkhôngthểchỉnóitiếngviệt": "tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g",
	"3年b組金八先生":                        "3b-ww4c5e180e575a65lsy2b",
	"安室奈美恵-with-super-monkeys":        "-with-super-monkeys-pc58ag80a8qai00g7n9n",
	"そのスピードで":                         "d9juau41awczczp",
	"münchen":                         "mnchen-3ya",
	"bücher":                          "bcher-kva",
	"straße":                          "strae-oqa",
	"ü":                               "tda",
	"😀":                               "e28h",
	"a":                               "a-",
}

func TestPunycode(t *testing.T) {
	for label, encoded := range punycodeSamples {
		if got := encodePunycode(label); got != encoded {
			t.Errorf("%s is encoded as %s, not %s", label, got, encoded)
		}
		for _, spelling := range []string{encoded, strings.ToUpper(encoded)} {
			if got, ok := decodePunycode(spelling); !ok || !strings.EqualFold(got, label) {
				t.Errorf("%s is decoded as %s, not %s", spelling, got, label)
			}
		}
	}
}

func TestInvalidPunycode(t *testing.T) {
	for _, s := range []string{"ü", "!", "mnchen-3y", "99999999999999999999999", "a-\x00", strings.Repeat("z", 60), strings.Repeat("9", 240)} {
		if got, ok := decodePunycode(s); ok {
			t.Errorf("%q is decoded as %q", s, got)
		}
	}
}

func FuzzPunycode(f *testing.F) {
	for label := range punycodeSamples {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, label string) {
		if !utf8.ValidString(label) || len(label) > 254 {
			return
		}
		encoded := encodePunycode(label)
		if !isASCII(encoded) {
			t.Fatalf("%q is encoded as %q", label, encoded)
		}
		if decoded, ok := decodePunycode(encoded); !ok || decoded != label {
			t.Fatalf("%q is encoded as %q, and that decoded as %q", label, encoded, decoded)
		}
	})
}

func FuzzDecodePunycode(f *testing.F) {
	f.Add("mnchen-3ya")
	f.Add("99999999999999999999999999999999")
	f.Fuzz(func(t *testing.T, encoded string) {
		if len(encoded) > 254 {
			return
		}
		if decoded, ok := decodePunycode(encoded); ok && utf8.ValidString(encoded) && !utf8.ValidString(decoded) {
			t.Fatalf("%q is decoded as %q", encoded, decoded)
		}
	})
}
