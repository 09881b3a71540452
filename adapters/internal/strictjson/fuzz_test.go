package strictjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

func seed(f *testing.F) {
	for _, tt := range notStrict {
		f.Add([]byte(tt.text))
	}
	f.Add([]byte(`{"email":"\ud834\udd1e","size":12,"count":3,"ratio":1.5e3,"wanted":false,"responses":{"A":"b"}}`))
	f.Add([]byte(`{"items":[{"name":"x"}],"place":{"name":"y"},"at":"2024-02-29T12:00:00Z","anything":[1,{"a":null}]}`))
}

// What Parse accepts is what encoding/json makes of it, and the same again after it
// was written out.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := strictjson.Parse(data, maxDepth)
		if err != nil {
			return
		}
		var want map[string]any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		written, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := strictjson.Parse(written, maxDepth); err != nil || !reflect.DeepEqual(again, got) {
			t.Fatalf("written out it is %s: %v, %v", written, again, err)
		}
	})
}

// What Decode accepts is valid for encoding/json and for Parse, and the same again
// after it was written out.
func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var got body
		if strictjson.Decode(data, &got, maxDepth) != nil {
			return
		}
		if _, err := strictjson.Parse(data, maxDepth); err != nil {
			t.Fatalf("Parse refuses it: %v", err)
		}
		written, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var standard, again body
		if err := unmarshal(data, &standard); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if err := unmarshal(written, &again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, standard) {
			t.Fatalf("got %+v, encoding/json %+v", got, standard)
		}
		if rewritten, err := json.Marshal(again); err != nil || !bytes.Equal(rewritten, written) {
			t.Fatalf("got %s, written out again %s: %v", written, rewritten, err)
		}
	})
}

func unmarshal(data []byte, into *body) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
