package dotenv

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // name=value, with a ! in front where a $ is marked
	}{
		"nothing":                         {"", nil},
		"comments and empty lines":        {"# A=1\n\n  \t\n  # B=2\n", nil},
		"plain":                           {"A=1\nB = two words \n", []string{"A=1", "B=two words"}},
		"no last line end":                {"A=1", []string{"A=1"}},
		"an empty value":                  {"A=\nB= \nC=''\n", []string{"A=", "B=", "C="}},
		"export":                          {"export A=1\n export\tB=2\nexportC=3\n", []string{"A=1", "B=2", "exportC=3"}},
		"a comment behind the value":      {"A=1 # one\nB=1#2 #3 #4\nC=#hash\nD= # none\nE=1\t# one\n", []string{"A=1", "B=1#2", "C=#hash", "D=", "E=1"}},
		"an = in the value":               {"A=b=c==\n", []string{"A=b=c=="}},
		"single quotes":                   {`A='a "b" \n $c # d'` + "\n", []string{`A=a "b" \n $c # d`}},
		"double quotes":                   {`A="a 'b' \"c\" \\ \$d # e"` + "\n", []string{`A=a 'b' "c" \ $d # e`}},
		"escapes":                         {`A="1\n2\r\t3"`, []string{"A=1\n2\r\t3"}},
		"a comment behind quotes":         {"A='1' # one\nB=\"2\"\t#two\nC= '3'\n", []string{"A=1", "B=2", "C=3"}},
		"several lines":                   {"A='1\n2'\nB=\"3\n# 4\"\nC=5\n", []string{"A=1\n2", "B=3\n# 4", "C=5"}},
		"quotes inside a plain value":     {"A=it's\nB=a\"b\n", []string{"A=it's", "B=a\"b"}},
		"a backslash in a plain value":    {`A=C:\dir` + "\n", []string{`A=C:\dir`}},
		"a $":                             {"A=a$b\nB=\"a${b}\"\nC='a$b'\nD=a\\$b\nE=$\nF=$(x)\n", []string{"!A=a$b", "!B=a${b}", "C=a$b", "D=a$b", "!E=$", "!F=$(x)"}},
		"one $ with and one without a \\": {`A=\$a$b`, []string{"!A=$a$b"}},
		"line ends of Windows and of old": {"A=1\r\nB=2\rC='3\r\n4'\r\n", []string{"A=1", "B=2", "C=3\n4"}},
		"a byte order mark":               {"\uFEFFA=1\n", []string{"A=1"}},
		"letters beyond ASCII":            {"A=pässwörd\n", []string{"A=pässwörd"}},
		"another program's name":          {"spring.name=x\n", []string{"spring.name=x"}},
		"the same twice":                  {"A=1\nA='1'\n", []string{"A=1", "A=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range settings {
				mark := ""
				if s.Dollar {
					mark = "!"
				}
				got = append(got, mark+s.Name+"="+s.Value)
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMistakesInTheFile(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
	}{
		"a stray character in a name":      {"A=1\nB*=2\n", "line 2: before the ="},
		"a dash in a name":                 {"DB-HOST=x\n", "line 1: before the ="},
		"a name of two words":              {"set A=1\n", "line 1: before the ="},
		"no name":                          {"=1\n", "line 1: before the ="},
		"letters beyond ASCII in a name":   {"Ä=1\n", "line 1: before the ="},
		"no =":                             {"A=1\n\n# x\nB\n", "line 4: it has no ="},
		"a colon":                          {"A: 1\n", "line 1: it has no ="},
		"a second line without quotes":     {"A=1\nabcd\nB=2\n", "line 2: it has no ="},
		"an open single quote":             {"A=1\nB='x\ny\n", "line 2: the quote ' is not closed"},
		"an open double quote":             {"B=\"x\\\"\n\ny\n", "line 1: the quote \" is not closed"},
		"an open double quote and a \\":    {`B="x\`, "line 1: the quote \" is not closed"},
		"text behind a quote":              {"A='1\n2'3\n", "line 2: text follows"},
		"an unknown escape":                {"A=\"\n\\d\"\n", "line 2: a \\ in double quotes"},
		"two values":                       {"A=1\nB=2\nA=3\n", "line 3: it sets the name on line 1"},
		"NUL":                              {"A=1\nB=x\x00y\n", "line 2: it has a NUL"},
		"UTF-16":                           {"\xff\xfeA\x00=\x001\x00", "line 1: the file is UTF-16"},
		"UTF-16, the other way":            {"\xfe\xff\x00A\x00=\x001", "line 1: the file is UTF-16"},
		"Latin-1":                          {"A=1\r\nB=p\xe4ss\r\n", "line 2: it is not UTF-8"},
		"a byte order mark in the middle":  {"A=1\n\uFEFFB=2\n", "line 2: before the ="},
		"a no-break space before the name": {"A=1\n\u00a0B\u00a0x=2\n", "line 2: before the ="},
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := parse([]byte(c.text))
			if err == nil || !strings.HasPrefix(err.Error(), ".env "+c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("want .env %s..., got %v, %v", c.want, settings, err)
			}
		})
	}
}

// TestMistakesInTheFileQuoteNothing breaks a file of secrets at every place.
func TestMistakesInTheFileQuoteNothing(t *testing.T) {
	const file = "AAAA=QQQQ\nexport BBBB='WWWW\nWWWW'\nCCCC=\"ZZZZ\"\nDDDD=MMMM # KKKK\n"
	mistakes := 0
	for _, stray := range []string{"*", "'", `"`, "\\", "\n", "\x00", "\xff", "$", "=", " ", "\r"} {
		for at := range len(file) + 1 {
			_, err := parse([]byte(file[:at] + stray + file[at:]))
			if err == nil {
				continue
			}
			mistakes++
			for _, text := range []string{"AA", "BB", "CC", "DD", "QQ", "WW", "ZZ", "XX", "KK"} {
				if strings.Contains(err.Error(), text) {
					t.Errorf("a %q at %d: %v", stray, at, err)
				}
			}
		}
	}
	if mistakes < 100 {
		t.Errorf("only %d mistakes were seen", mistakes)
	}
}
