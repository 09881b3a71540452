package strictjson_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

func TestAnOptionalFieldIsAbsentNullOrAValue(t *testing.T) {
	type body struct {
		Reason strictjson.Optional[string] `json:"reason"`
		Limit  strictjson.Optional[int]    `json:"limit"`
	}
	for text, want := range map[string]body{
		`{}`:                               {},
		`{"reason": null}`:                 {Reason: strictjson.Optional[string]{Given: true}},
		`{"reason": "", "limit": -3}`:      {Reason: strictjson.Optional[string]{Given: true, Value: new("")}, Limit: strictjson.Optional[int]{Given: true, Value: new(-3)}},
		`{"limit": null, "reason": "why"}`: {Reason: strictjson.Optional[string]{Given: true, Value: new("why")}, Limit: strictjson.Optional[int]{Given: true}},
	} {
		var got body
		if err := strictjson.Decode([]byte(text), &got, 4); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !same(got.Reason, want.Reason) || !same(got.Limit, want.Limit) {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
	for text, wrong := range map[string]string{
		`{"reason": 5}`:                    "reason must be a string",
		`{"limit": "5"}`:                   "limit must be a whole number",
		`{"reason": nil}`:                  "",
		`{"reason": }`:                     "",
		`{"reason": null, "reason": null}`: "reason",
	} {
		var got body
		if err := strictjson.Decode([]byte(text), &got, 4); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, want %q", text, err, wrong)
		}
	}
}

func same[T comparable](a, b strictjson.Optional[T]) bool {
	return a.Given == b.Given && (a.Value == nil) == (b.Value == nil) && (a.Value == nil || *a.Value == *b.Value)
}
