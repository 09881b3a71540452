package idp_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/domain"
)

func TestTokensAreShapedLikeCognitos(t *testing.T) {
	b := open(t, nil)
	ada := b.join(t, "Ada@example.com")
	tokens := b.signIn(t, ada)
	now := float64(b.now.Now().Unix())
	common := map[string]any{
		"iss":       "partywall-local",
		"sub":       ada.identity.Subject(),
		"iat":       now,
		"exp":       now + 3600,
		"auth_time": now,
	}
	t.Run("an access token", func(t *testing.T) {
		mustClaim(t, b.keys, tokens.Access, common, map[string]any{
			"token_use": "access",
			"client_id": clientID,
			"username":  ada.identity.Subject(),
		})
	})
	t.Run("an ID token", func(t *testing.T) {
		mustClaim(t, b.keys, tokens.ID, common, map[string]any{
			"token_use":        "id",
			"aud":              clientID,
			"cognito:username": ada.identity.Subject(),
			"email":            "Ada@example.com",
			"email_verified":   true,
		})
	})
	t.Run("they live an hour", func(t *testing.T) {
		if tokens.ExpiresIn != time.Hour || tokens.Type != "Bearer" {
			t.Errorf("got %v %s", tokens.ExpiresIn, tokens.Type)
		}
	})
	t.Run("a refreshed one contains the time of the password", func(t *testing.T) {
		token := tokens.Refresh
		for range 2 {
			b.now.pass(24 * time.Hour)
			next, err := b.provider.Refresh(t.Context(), token)
			mustDo(t, err)
			if got := claimsOf(t, b.keys, next.Access)["auth_time"]; got != now {
				t.Errorf("got %v, want %v", got, now)
			}
			token = next.Refresh
		}
	})
}

func TestForgedTokens(t *testing.T) {
	b := open(t, nil)
	ada := b.join(t, "ada@example.com")
	tokens := b.signIn(t, ada)
	access := tokens.Access.Reveal()
	parts := strings.Split(access, ".")
	header, payload, signature := parts[0], parts[1], parts[2]
	encode := base64.RawURLEncoding.EncodeToString
	mac := hmac.New(sha256.New, b.keys.PublicKey().N.Bytes())
	mac.Write([]byte(encode([]byte(`{"alg":"HS256"}`)) + "." + payload))

	otherKeys, err := idp.NewKeys()
	mustDo(t, err)
	theirs := open(t, func(c *idp.Config) { c.Keys, c.Users = otherKeys, b.users })
	sibling := open(t, func(c *idp.Config) { c.ClientID, c.Users = "another client", b.users })

	for name, token := range map[string]string{
		"empty":                        "",
		"dots":                         "..",
		"an ID token":                  tokens.ID.Reveal(),
		"a refresh token":              tokens.Refresh.Reveal(),
		"without a signature":          header + "." + payload + ".",
		"of algorithm none":            encode([]byte(`{"alg":"none"}`)) + "." + payload + ".",
		"signed with the public key":   encode([]byte(`{"alg":"HS256"}`)) + "." + payload + "." + encode(mac.Sum(nil)),
		"with another payload":         header + "." + encode([]byte(`{"sub":"eve"}`)) + "." + signature,
		"with a header of its own":     encode([]byte(`{"alg":"RS256"}`)) + "." + payload + "." + signature,
		"with a fourth part":           access + ".x",
		"with padding":                 access + "==",
		"with a newline":               access[:len(access)-10] + "\n" + access[len(access)-10:],
		"with stray bits at its end":   access[:len(access)-1] + string(strayBits(access[len(access)-1])),
		"of another provider's keys":   theirs.signIn(t, ada).Access.Reveal(),
		"for a client of another name": sibling.signIn(t, ada).Access.Reveal(),
	} {
		t.Run("a token "+name+" is worth nothing", func(t *testing.T) {
			_, err := b.provider.User(t.Context(), domain.NewSecret(token))
			mustBe(t, err, domain.CodeInvalidToken)
			mustBe(t, b.provider.SignOutEverywhere(t.Context(), domain.NewSecret(token)), domain.CodeInvalidToken)
		})
	}
	t.Run("they signed out no user", func(t *testing.T) {
		_, err := b.provider.Refresh(t.Context(), tokens.Refresh)
		mustDo(t, err)
	})
}

// strayBits returns another character that decodes to the same used bits: 256
// bytes leave four bits of the last character unused.
func strayBits(last byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, last)|1]
}

// mustClaim requires the claims of want, and a unique token ID.
func mustClaim(t *testing.T, keys *idp.Keys, token domain.Secret, want ...map[string]any) {
	t.Helper()
	got := claimsOf(t, keys, token)
	if id, _ := got["jti"].(string); len(id) < 20 {
		t.Errorf("its ID is %q", id)
	}
	delete(got, "jti")
	all := map[string]any{}
	for _, claims := range want {
		maps.Copy(all, claims)
	}
	if !maps.Equal(got, all) {
		t.Errorf("got %v\nwant %v", got, all)
	}
}

// claimsOf verifies the token as RFC 7515, section 5.2 specifies, without code of this package.
func claimsOf(t *testing.T, keys *idp.Keys, token domain.Secret) map[string]any {
	t.Helper()
	parts := strings.Split(token.Reveal(), ".")
	var decoded [3][]byte
	for i := range decoded {
		var err error
		decoded[i], err = base64.RawURLEncoding.DecodeString(parts[i])
		mustDo(t, err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	mustDo(t, rsa.VerifyPKCS1v15(keys.PublicKey(), crypto.SHA256, digest[:], decoded[2]))
	var header, claims map[string]any
	mustDo(t, json.Unmarshal(decoded[0], &header))
	mustDo(t, json.Unmarshal(decoded[1], &claims))
	if want := []string{"alg", "kid"}; header["alg"] != "RS256" || header["kid"] != keys.KeyID() || !slices.Equal(slices.Sorted(maps.Keys(header)), want) {
		t.Errorf("its header is %v", header)
	}
	return claims
}
