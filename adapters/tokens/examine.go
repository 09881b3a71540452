package tokens

import (
	"context"
	"strings"

	"github.com/partywall-go/partywall/ports"
)

func checks(cfg KeySetConfig) []ports.Check {
	look := func(ctx context.Context) (ports.Finding, error) { return lookAtKeys(ctx, cfg), nil }
	return []ports.Check{{Name: "keys", About: "the keys that tokens are verified with can be had", Look: look}}
}

// Checks describes what [Examine] looks at.
func Checks() []ports.CheckInfo { return ports.Describe(checks(KeySetConfig{})) }

// Examine fetches a key set once, and says what keeps it from being believed.
func Examine(ctx context.Context, cfg KeySetConfig) []ports.Finding {
	return ports.Examine(ctx, checks(cfg))
}

func lookAtKeys(ctx context.Context, cfg KeySetConfig) ports.Finding {
	const mend = "look at COGNITO_USER_POOL_ID, AWS_REGION, COGNITO_ISSUER and COGNITO_JWKS_URL"
	k, err := NewKeySet(cfg)
	if err != nil {
		return ports.Fail(err.Error(), mend)
	}
	defer func() { _ = k.Close() }()
	if _, err := k.fetch(ctx); err != nil {
		return ports.Fail("no token can be verified: "+strings.Join(strings.Fields(err.Error()), " "), mend)
	}
	return ports.Fine("the keys can be had from " + cfg.URL)
}
