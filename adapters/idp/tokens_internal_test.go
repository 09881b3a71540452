package idp

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func FuzzVerifyToken(f *testing.F) {
	keys, err := NewKeys()
	if err != nil {
		f.Fatal(err)
	}
	token, err := keys.sign(map[string]string{"sub": "ada"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, token)
	f.Add(len(keys.header), token[len(keys.header):])
	f.Add(len(token)-10, "")
	f.Add(0, "..")
	// The input replaces the tail of a token, so that most of the token stays valid.
	f.Fuzz(func(t *testing.T, keep int, tail string) {
		if keep < 0 || keep > len(token) {
			return
		}
		if forged := token[:keep] + tail; forged != token {
			if _, ours := keys.verify(forged); ours {
				t.Errorf("%q is not a token of ours", forged)
			}
		}
	})
}

func FuzzParseRefreshToken(f *testing.F) {
	signedIn := time.Unix(1_700_000_000, 0)
	f.Add(newRefreshToken(signedIn).Reveal())
	f.Add(refreshPrefix)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		_, ok := parseRefreshToken(domain.NewSecret(s))
		if ok && (!strings.HasPrefix(s, refreshPrefix) || strings.ContainsAny(s, "=\r\n ") || len(s) != len(newRefreshToken(signedIn).Reveal())) {
			t.Errorf("%q is not a refresh token", s)
		}
	})
}

func TestRefreshTokens(t *testing.T) {
	t.Run("a refresh token contains the time of the password", func(t *testing.T) {
		signedIn := time.Unix(1_700_000_000, 0)
		if got, ok := parseRefreshToken(newRefreshToken(signedIn)); !ok || !got.Equal(signedIn) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("no two are alike", func(t *testing.T) {
		now := time.Now()
		if one, other := newRefreshToken(now), newRefreshToken(now); one == other {
			t.Error("two are")
		}
	})
}
