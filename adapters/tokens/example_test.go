package tokens_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// An issuer of our own, whose key is a constant. For a Cognito pool, Keys is a
// [tokens.KeySet] and URLs are [tokens.CognitoURLs].
func Example() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	keys, err := tokens.StaticKeys("2024-05", key.Public())
	if err != nil {
		panic(err)
	}
	verifier, err := tokens.New(tokens.Config{Issuers: []tokens.Issuer{{
		URLs: []string{"partywall-local"}, Provider: "local", ClientIDs: []string{"shop"}, Keys: keys,
	}}})
	if err != nil {
		panic(err)
	}

	issue := func(lifetime time.Duration) domain.Secret {
		now := time.Now()
		claims, _ := json.Marshal(map[string]any{
			"iss": "partywall-local", "sub": "anna", "client_id": "shop", "token_use": "access",
			"iat": now.Add(-time.Hour).Unix(), "exp": now.Add(lifetime).Unix(),
		})
		header := jws.NewHeaders()
		_ = header.Set(jwk.KeyIDKey, "2024-05")
		token, _ := jws.Sign(claims, jws.WithKey(jwa.RS256, key, jws.WithProtectedHeaders(header)))
		return domain.NewSecret(string(token))
	}

	caller, err := verifier.Verify(context.Background(), issue(time.Hour))
	fmt.Println(caller.Identity(), err)
	_, err = verifier.Verify(context.Background(), issue(-time.Minute))
	fmt.Println(errors.Is(err, domain.CodeInvalidToken))
	// Output:
	// local/anna <nil>
	// true
}
