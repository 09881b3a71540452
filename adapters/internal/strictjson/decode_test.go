package strictjson_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

const maxDepth = 4

type body struct {
	Email     string            `json:"email"`
	Size      *int64            `json:"size,omitempty"`
	Count     uint8             `json:"count"`
	Ratio     float32           `json:"ratio"`
	Wanted    bool              `json:"wanted"`
	Responses map[string]string `json:"responses"`
	Items     []item            `json:"items"`
	Place     item              `json:"place"`
	At        time.Time         `json:"at"`
	Anything  any               `json:"anything"`
	Untagged  string
	Hidden    string `json:"-"`
	private   string
}

type item struct {
	Name string `json:"name"`
}

func decode(text string) (body, error) {
	var into body
	err := strictjson.Decode([]byte(text), &into, maxDepth)
	return into, err
}

func TestDecodeFillsEveryKindOfField(t *testing.T) {
	size := int64(1 << 62)
	want := body{
		Email:     "ä\"\\/\b\f\n\r\t€𝄞@x",
		Size:      &size,
		Count:     255,
		Ratio:     -0.5,
		Wanted:    true,
		Responses: map[string]string{"NEW_PASSWORD": "p", "": "x"},
		Items:     []item{{"a"}, {"b"}},
		Place:     item{"here"},
		At:        time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		Anything:  map[string]any{"list": []any{true, nil, "x"}},
		Untagged:  "u",
	}
	got, err := decode(`
		{ "email" : "\u00e4\"\\\/\b\f\n\r\t€\uD834\udd1e@x", "size": 4611686018427387904, "count": 255,
		"ratio": -5e-1, "wanted": true, "responses": {"NEW_PASSWORD": "p", "": "x"},
		"items": [ {"name":"a"} ,{"name":"b"}], "place": {"name": "here"}, "at": "2024-02-29T12:00:00Z",
		"anything": {"list": [true, null, "x"]}, "Untagged": "u" }
	`)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeLeavesWhatIsNotGiven(t *testing.T) {
	into := body{Email: "before", private: "before"}
	if err := strictjson.Decode([]byte(`{}`), &into, maxDepth); err != nil {
		t.Fatal(err)
	}
	if into.Email != "before" || into.Size != nil || into.private != "before" {
		t.Errorf("got %+v", into)
	}
}

func TestDecodeNamesTheFieldAtFault(t *testing.T) {
	tests := []struct{ name, text, field, reason string }{
		{"an unknown name", `{"emial":"x"}`, "emial", noField},
		{"a name in another case", `{"EMAIL":"x"}`, "EMAIL", "is not a field here; names are case-sensitive: email"},
		{"a name that folds to another by Unicode", `{"ſize":1}`, "ſize", "is not a field here; names are case-sensitive: size"},
		{"a field that is hidden", `{"Hidden":"x"}`, "Hidden", noField},
		{"a field by the name of its tag's dash", `{"-":"x"}`, "-", noField},
		{"a field that is not exported", `{"private":"x"}`, "private", noField},
		{"a name given twice", `{"email":"a","email":"a"}`, "email", "is given twice"},
		{"a name given twice, once escaped", `{"email":"a","\u0065mail":"a"}`, "email", "is given twice"},
		{"a name given twice in a map", `{"responses":{"A":"x","A":"x"}}`, "responses.A", "is given twice"},
		{"a name given twice in a struct", `{"place":{"name":"x","name":"x"}}`, "place.name", "is given twice"},
		{"a name given twice in an element", `{"items":[{},{"name":"x","name":"x"}]}`, "items.1.name", "is given twice"},
		{"a name given twice in anything", `{"anything":[{"a":{"b":1,"b":1}}]}`, "anything.0.a.b", "is given twice"},
		{"an unknown name further down", `{"items":[{"name":"x"},{"nam":"x"}]}`, "items.1.nam", "is not a field here; the fields are name"},
		{"null for a string", `{"email":null}`, "email", "must not be null"},
		{"null for a number that may be left out", `{"size":null}`, "size", "must not be null"},
		{"null for a map", `{"responses":null}`, "responses", "must not be null"},
		{"null in a map", `{"responses":{"A":null}}`, "responses.A", "must not be null"},
		{"null for anything", `{"anything":null}`, "anything", "must not be null"},
		{"null for a time", `{"at":null}`, "at", "must not be null"},
		{"a number for a string", `{"email":1}`, "email", "must be a string"},
		{"an object for a string", `{"email":{}}`, "email", "must be a string"},
		{"a number in a map of strings", `{"responses":{"NEW_PASSWORD":1}}`, "responses.NEW_PASSWORD", "must be a string"},
		{"a string for a bool", `{"wanted":"true"}`, "wanted", "must be true or false"},
		{"a string for a number", `{"size":"1"}`, "size", "must be a whole number within range"},
		{"a fraction for a whole number", `{"size":1.0}`, "size", "must be a whole number within range"},
		{"a number over the range", `{"size":9223372036854775808}`, "size", "must be a whole number within range"},
		{"a negative number for an unsigned one", `{"count":-1}`, "count", "must be a whole number within range"},
		{"a number over a float's range", `{"ratio":1e39}`, "ratio", "must be a number within range"},
		{"a list for an object", `{"responses":[]}`, "responses", "must be an object"},
		{"a list for a struct", `{"place":[]}`, "place", "must be an object"},
		{"an object for a list", `{"items":{}}`, "items", "must be a list"},
		{"a string for an element", `{"items":["x"]}`, "items.0", "must be an object"},
		{"text that is no time", `{"at":"yesterday"}`, "at", "is malformed"},
		{"a long name", `{"` + strings.Repeat("€", 100) + `":1}`, strings.Repeat("€", 42) + "…", noField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decode(tt.text)
			fault, ok := errors.AsType[*strictjson.FieldError](err)
			if !ok {
				t.Fatalf("got %v, want a FieldError", err)
			}
			if fault.Field != tt.field || fault.Reason != tt.reason {
				t.Errorf("got %q %q, want %q %q", fault.Field, fault.Reason, tt.field, tt.reason)
			}
		})
	}
}

// noField is the fault of a name that body does not have.
const noField = "is not a field here; the fields are email, size, count, ratio, wanted, responses, items, place, at, anything, Untagged"

func TestDecodeIntoNothing(t *testing.T) {
	var into struct{}
	err := strictjson.Decode([]byte(`{"password":"x"}`), &into, maxDepth)
	if fault, ok := errors.AsType[*strictjson.FieldError](err); !ok || fault.Reason != "is not a field here; the object has none" {
		t.Errorf("got %v", err)
	}
}

// notStrict are texts that both Decode and Parse refuse, with the place of the fault.
var notStrict = []struct {
	name, text string
	offset     int
}{
	{"nothing", ``, 0},
	{"white space", " \n", 2},
	{"a list", `[]`, 0},
	{"a string", `"x"`, 0},
	{"null", `null`, 0},
	{"a byte order mark", "\ufeff{}", 0},
	{"an open object", `{`, 1},
	{"an open object after a comma", `{"email":"x",`, 13},
	{"a comma behind the last field", `{"email":"x",}`, 13},
	{"a comma alone", `{,}`, 1},
	{"two commas", `{"email":"x",,"wanted":true}`, 13},
	{"no comma", `{"email":"x" "wanted":true}`, 13},
	{"a name without quotes", `{email:"x"}`, 1},
	{"a name in single quotes", `{'email':"x"}`, 1},
	{"no colon", `{"email" "x"}`, 9},
	{"no value", `{"email":}`, 9},
	{"the wrong bracket", `{"items":[}}`, 10},
	{"an unknown word", `{"email":x}`, 9},
	{"half a word", `{"wanted":tru}`, 10},
	{"a word cut off", `{"wanted":fals`, 10},
	{"an unknown null", `{"size":nul}`, 8},
	{"NaN", `{"ratio":NaN}`, 9},
	{"infinity", `{"ratio":-Infinity}`, 10},
	{"a plus sign", `{"size":+1}`, 8},
	{"a leading zero", `{"size":01}`, 9},
	{"a minus alone", `{"size":-}`, 9},
	{"a point alone", `{"ratio":1.}`, 11},
	{"an exponent alone", `{"ratio":1e}`, 11},
	{"a signed exponent alone", `{"ratio":1e+}`, 12},
	{"hexadecimal", `{"size":0x10}`, 9},
	{"a string without end", `{"email":"x`, 11},
	{"a string that ends in an escape", `{"email":"x\`, 12},
	{"an escaped string without end", `{"email":"\n`, 12},
	{"a bare newline in a string", "{\"email\":\"a\nb\"}", 11},
	{"a bare NUL in a string", "{\"email\":\"\\n\x00\"}", 12},
	{"an unknown escape", `{"email":"\x41"}`, 11},
	{"a short \\u", `{"email":"\u12"}`, 12},
	{"a signed \\u", `{"email":"\u+123"}`, 12},
	{"a high surrogate alone", `{"email":"\ud834"}`, 16},
	{"a high surrogate before a letter", `{"email":"\ud834a"}`, 16},
	{"a high surrogate twice", `{"email":"\ud834\ud834"}`, 22},
	{"a low surrogate alone", `{"email":"\udd1e"}`, 16},
	{"a lone surrogate in a name", `{"\ud834":"x"}`, 8},
	{"a byte that is not UTF-8", "{\"email\":\"\xff\"}", 10},
	{"an overlong encoding", "{\"email\":\"\xc0\xaf\"}", 10},
	{"a surrogate in UTF-8", "{\"email\":\"\xed\xa0\x80\"}", 10},
	{"a comment", `{} // x`, 3},
	{"a second object", `{}{}`, 2},
	{"a bracket too many", `{}}`, 2},
	{"NUL behind the object", "{}\x00", 2},
	{"a form feed", "\f{}", 0},
	{"no-break space", "{\u00a0}", 1},
	{"too deep a list", `{"anything":[[[[]]]]}`, 15},
	{"too deep an object", `{"anything":{"a":{"b":{"c":{}}}}}`, 27},
}

func TestDecodeRefusesWhatIsNotStrictJSON(t *testing.T) {
	for _, tt := range notStrict {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decode(tt.text)
			fault, ok := errors.AsType[*strictjson.SyntaxError](err)
			if !ok {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if fault.Offset != tt.offset {
				t.Errorf("got %v, want it at byte %d", fault, tt.offset)
			}
		})
	}
}

func TestDecodeReadsToTheLargestDepth(t *testing.T) {
	if _, err := decode(`{"anything":[[[]]]}`); err != nil {
		t.Error(err)
	}
}

func TestDecodeRevealsNoValue(t *testing.T) {
	for _, text := range []string{`{"count":31337}`, `{"at":"31337"}`, `{"wanted":"31337"}`, `{"email":"31337}`, `{"email":"31337"} 31337`} {
		if _, err := decode(text); err == nil || strings.Contains(err.Error(), "31337") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestDecodeNeedsAPointerToAStruct(t *testing.T) {
	for _, into := range []any{nil, body{}, (*body)(nil), new(map[string]any), new(string)} {
		t.Run(fmt.Sprintf("%T", into), func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			_ = strictjson.Decode([]byte(`{}`), into, maxDepth)
		})
	}
}
