package tokens_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

func TestVerifyReturnsTheCallerOfTheToken(t *testing.T) {
	now := newClock().Now()
	token := domain.NewSecret(goodToken(now, nil))
	v := newVerifier(t, newClock().Now)
	for _, when := range []string{"at first", "from memory"} {
		caller, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if caller.Identity().Provider() != poolID || caller.Identity().Subject() != userID {
			t.Errorf("%s: it speaks for %v", when, caller.Identity())
		}
		if caller.Token() != token {
			t.Errorf("%s: the token is not in the caller", when)
		}
		if !caller.ExpiresAt().Equal(now.Add(time.Hour)) || caller.ExpiresAt().Location() != time.UTC {
			t.Errorf("%s: it expires at %v", when, caller.ExpiresAt())
		}
	}
}

func TestVerifyAcceptsLegalTokens(t *testing.T) {
	now := newClock().Now()
	raw := func(text string) any { return json.RawMessage(text) }
	tests := []struct {
		name           string
		header, claims fields
	}{
		{"typ JWT", fields{"typ": "JWT"}, nil},
		{"a header that means nothing to us", fields{"x5t": "x", "foo": fields{"bar": 1}}, nil},
		{"an exp with a fraction", nil, fields{"exp": raw("1714564800.5")}},
		{"an exp with an exponent", nil, fields{"exp": raw("17145655e2")}},
		{"an exp of half a second from now", nil, fields{"exp": float64(now.Unix()) + 0.5}},
		{"an iat 60 s in the future", nil, fields{"iat": now.Unix() + 60}},
		{"a life of 24 h", nil, fields{"iat": now.Unix(), "exp": now.Unix() + 86400}},
		{"no auth_time", nil, fields{"auth_time": absent}},
		{"an nbf and an auth_time 60 s in the future", nil, fields{"nbf": now.Unix() + 60, "auth_time": now.Unix() + 60}},
		{"the other client", nil, fields{"client_id": "other client"}},
		{"the issuer's other form", nil, fields{"iss": tokens.CognitoURLs("eu-central-1", poolID)[1]}},
		{"a sub of 128 bytes", nil, fields{"sub": strings.Repeat("ä", 64)}},
		{"claims of every type", nil, fields{"a": nil, "b": []any{fields{"c": []any{true}}}, "custom:tenant_id": "x"}},
	}
	issuer := ourIssuer(staticKeys(t, keyID, ourKey()))
	issuer.URLs = tokens.CognitoURLs("eu-central-1", poolID)
	issuer.ClientIDs = append(issuer.ClientIDs, "other client")
	v := newVerifier(t, newClock().Now, issuer)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := sign(ourKey(), goodHeader().with(tt.header).String(), goodClaims(now).with(tt.claims).String())
			caller, err := v.Verify(t.Context(), domain.NewSecret(token))
			if err != nil {
				t.Fatal(err)
			}
			if caller.Identity().Provider() != poolID {
				t.Errorf("the provider is %q", caller.Identity().Provider())
			}
		})
	}
}

func TestTokensOfTwoIssuers(t *testing.T) {
	now := newClock().Now()
	local := tokens.Issuer{URLs: []string{"partywall-local"}, Provider: "local", ClientIDs: []string{"partywall"}, Keys: staticKeys(t, keyID, otherKey())}
	v := newVerifier(t, newClock().Now, ourIssuer(staticKeys(t, keyID, ourKey())), local)
	localClaims := goodClaims(now).with(fields{"iss": "partywall-local", "client_id": "partywall"})

	t.Run("each is accepted by its own key", func(t *testing.T) {
		caller, err := v.Verify(t.Context(), domain.NewSecret(sign(otherKey(), goodHeader().String(), localClaims.String())))
		if err != nil || caller.Identity().String() != "local/"+userID {
			t.Errorf("got %v, %v", caller.Identity(), err)
		}
		if err := verify(t, v, goodToken(now, nil)); err != nil {
			t.Error(err)
		}
	})
	t.Run("neither signs for the other, under whatever key ID", func(t *testing.T) {
		refused(t, v, sign(ourKey(), goodHeader().String(), localClaims.String()), "the signature")
		refused(t, v, sign(otherKey(), goodHeader().String(), goodClaims(now).String()), "the signature")
	})
	t.Run("neither's client is the other's", func(t *testing.T) {
		refused(t, v, goodToken(now, fields{"client_id": "partywall"}), "client_id")
	})
}

// refused fails unless the token is invalid_token for the given reason, which the
// caller does not learn.
func refused(t *testing.T, v *tokens.Verifier, token, reason string) {
	t.Helper()
	caller, err := v.Verify(t.Context(), domain.NewSecret(token))
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok || !caller.IsZero() || !caller.Token().IsZero() {
		t.Fatalf("got %v, %v", caller, err)
	}
	if refusal.Kind != domain.Unauthenticated || refusal.Code != domain.CodeInvalidToken {
		t.Errorf("got %v, want %v", refusal, domain.CodeInvalidToken)
	}
	if refusal.Message != domain.NewError(domain.CodeInvalidToken).Message || refusal.Field != "" || refusal.Details != nil {
		t.Errorf("the caller reads %q %q %v", refusal.Field, refusal.Message, refusal.Details)
	}
	if !strings.Contains(refusal.Err.Error(), reason) {
		t.Errorf("the reason is %q, not %q", refusal.Err, reason)
	}
}

func TestNewRefusesAWrongConfiguration(t *testing.T) {
	keys := staticKeys(t, keyID, ourKey())
	changed := func(change func(*tokens.Issuer)) []tokens.Issuer {
		issuer := ourIssuer(keys)
		change(&issuer)
		return []tokens.Issuer{issuer}
	}
	tests := []struct {
		name    string
		issuers []tokens.Issuer
	}{
		{"no issuer", nil},
		{"no URL", changed(func(i *tokens.Issuer) { i.URLs = nil })},
		{"an empty URL", changed(func(i *tokens.Issuer) { i.URLs = []string{issURL, ""} })},
		{"no provider", changed(func(i *tokens.Issuer) { i.Provider = "" })},
		{"a long provider", changed(func(i *tokens.Issuer) { i.Provider = strings.Repeat("x", 129) })},
		{"no client", changed(func(i *tokens.Issuer) { i.ClientIDs = nil })},
		{"an empty client", changed(func(i *tokens.Issuer) { i.ClientIDs = []string{""} })},
		{"no keys", changed(func(i *tokens.Issuer) { i.Keys = nil })},
		{"one URL twice", slices.Concat(changed(func(*tokens.Issuer) {}), changed(func(*tokens.Issuer) {}))},
		{"http to elsewhere", changed(func(i *tokens.Issuer) { i.URLs = []string{"http://idp.example.com/pool"} })},
		{"HTTP in capitals to elsewhere", changed(func(i *tokens.Issuer) { i.URLs = []string{"HTTP://idp.example.com/pool"} })},
		{"http to what begins like loopback", changed(func(i *tokens.Issuer) { i.URLs = []string{"http://127.0.0.1.example.com/pool"} })},
		{"an emulator's pool elsewhere", changed(func(i *tokens.Issuer) { i.URLs = []string{"https://idp.example.com/local_1a2b3c"} })},
		{"an emulator's provider elsewhere", changed(func(i *tokens.Issuer) { i.Provider = "local_1a2b3c" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tokens.New(tokens.Config{Issuers: tt.issuers}); !errors.Is(err, domain.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestStaticKeysRefuseUnusableKeys(t *testing.T) {
	tests := []struct {
		name string
		kid  string
		key  any
	}{
		{"a short key", keyID, newKey(1024).Public()},
		{"a private key", keyID, ourKey()},
		{"a secret", keyID, []byte("secret")},
		{"no key", keyID, nil},
		{"no key ID", "", ourKey().Public()},
		{"an odd key ID", "a b", ourKey().Public()},
		{"an emulator's key ID", "CognitoLocal", ourKey().Public()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tokens.StaticKeys(tt.kid, tt.key); !errors.Is(err, domain.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}
