package cognito

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// readTokens reads the pool's tokens. It takes what the answer lacks from the access
// token.
func readTokens(result *types.AuthenticationResultType) (ports.Tokens, error) {
	if result == nil || aws.ToString(result.AccessToken) == "" || aws.ToString(result.IdToken) == "" {
		return ports.Tokens{}, errGarbled
	}
	lifetime := time.Duration(result.ExpiresIn) * time.Second
	if lifetime <= 0 {
		lifetime = lifetimeOf(*result.AccessToken)
	}
	if lifetime <= 0 {
		return ports.Tokens{}, errGarbled
	}
	return ports.Tokens{
		Access:    domain.NewSecret(*result.AccessToken),
		ID:        domain.NewSecret(*result.IdToken),
		Refresh:   domain.NewSecret(aws.ToString(result.RefreshToken)),
		ExpiresIn: lifetime,
		Type:      cmp.Or(aws.ToString(result.TokenType), "Bearer"),
	}, nil
}

// lifetimeOf returns the time between a JWT's issue and its expiry, and 0 if token is
// not a JWT. It does not verify the token, which came from the pool just now, over the
// same connection that carries passwords.
func lifetimeOf(token string) time.Duration {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return 0
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return 0
	}
	var claims struct {
		IssuedAt float64 `json:"iat"`
		Expires  float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return 0
	}
	seconds := claims.Expires - claims.IssuedAt
	if seconds < 0 || seconds > ports.MaxTokenLife.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
