package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestTheAuthorizationHeader(t *testing.T) {
	tests := []struct {
		promise string
		lines   []string
		token   string
		err     error
	}{
		{"may be missing", nil, "", nil},
		{"has the token", []string{"Bearer abc.def.ghi"}, "abc.def.ghi", nil},
		{"is spelled in any case", []string{"bEaReR abc"}, "abc", nil},
		{"may have several spaces (RFC 9110, section 11.4)", []string{"Bearer   abc"}, "abc", nil},
		{"is refused if it is sent twice", []string{"Bearer a", "Bearer b"}, "", domain.Invalid},
		{"is refused if it is sent twice with one value", []string{"Bearer a", "Bearer a"}, "", domain.Invalid},
		{"is refused with another scheme", []string{"Basic dXNlcjpwYXNz"}, "", domain.Unauthenticated},
		{"is refused as a bare token", []string{"abc.def.ghi"}, "", domain.Unauthenticated},
		{"is refused if a tab splits it", []string{"Bearer\tabc"}, "", domain.Unauthenticated},
		{"is refused without a token", []string{"Bearer"}, "", domain.CodeInvalidToken},
		{"is refused with a blank token", []string{"Bearer    "}, "", domain.CodeInvalidToken},
		{"is refused if it is empty", []string{""}, "", domain.Unauthenticated},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			token, err := BearerToken(http.Header{"Authorization": test.lines})
			if token.Reveal() != test.token || (test.err == nil) != (err == nil) || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("got %q, %v; want %q, %v", token.Reveal(), err, test.token, test.err)
			}
		})
	}
}

func FuzzTheAuthorizationHeader(f *testing.F) {
	for _, line := range []string{"Bearer abc.def.ghi", "bearer  x", "Bearer", "Basic x", "", "Bearer a b", "Bearer,Bearer x"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		token, err := BearerToken(http.Header{"Authorization": {line}})
		switch {
		case err == nil && token.IsZero():
			t.Fatalf("%q was taken for no credentials at all", line)
		case err != nil && !token.IsZero():
			t.Fatalf("%q gave a token and an error", line)
		case err != nil && domain.KindOf(err) != domain.Unauthenticated:
			t.Fatalf("%q gave %v", line, err)
		case err == nil && (!strings.HasSuffix(strings.TrimRight(line, " "), token.Reveal()) || !strings.EqualFold(line[:7], "bearer ")):
			t.Fatalf("%q gave the token %q", line, token.Reveal())
		}
	})
}
