package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

func TestParseKeepsEveryValue(t *testing.T) {
	got, err := strictjson.Parse([]byte(`{"s":"\u0000x","n":1e400,"z":-0.10,"t":true,"f":false,"null":null,"o":{"":{}},"a":[1,[]]}`), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"s": "\x00x", "n": json.Number("1e400"), "z": json.Number("-0.10"), "t": true, "f": false, "null": nil,
		"o": map[string]any{"": map[string]any{}}, "a": []any{json.Number("1"), []any{}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseRefusesWhatIsNotStrictJSON(t *testing.T) {
	for _, tt := range notStrict {
		t.Run(tt.name, func(t *testing.T) {
			got, err := strictjson.Parse([]byte(tt.text), maxDepth)
			fault, ok := errors.AsType[*strictjson.SyntaxError](err)
			if !ok || got != nil {
				t.Fatalf("got %v and %v, want a SyntaxError", got, err)
			}
			if fault.Offset != tt.offset {
				t.Errorf("got %v, want it at byte %d", fault, tt.offset)
			}
		})
	}
}

func TestParseRefusesANameGivenTwice(t *testing.T) {
	for text, field := range map[string]string{
		`{"a":1,"a":1}`:                  "a",
		`{"a":1,"\u0061":1}`:             "a",
		`{"a":{"b":[{},{"c":1,"c":2}]}}`: "a.b.1.c",
	} {
		_, err := strictjson.Parse([]byte(text), 5)
		if fault, ok := errors.AsType[*strictjson.FieldError](err); !ok || fault.Field != field {
			t.Errorf("%s: got %v, want a fault of %s", text, err, field)
		}
	}
	if _, err := strictjson.Parse([]byte(`{"a":{"a":1},"A":{"a":1}}`), 5); err != nil {
		t.Errorf("names that differ: %v", err)
	}
}
