package tokens

import (
	"context"
	"strings"

	"github.com/partywall-go/partywall/ports/doctor"
)

func checks(cfg KeySetConfig) []doctor.Check {
	look := func(ctx context.Context) (doctor.Finding, error) { return lookAtKeys(ctx, cfg), nil }
	return []doctor.Check{{Name: "keys", About: "the keys that verify tokens can be read", Run: look}}
}

// Checks describes what [RunChecks] looks at.
func Checks() []doctor.Info { return doctor.Describe(checks(KeySetConfig{})) }

// RunChecks fetches a key set once, and says what keeps it from being believed.
func RunChecks(ctx context.Context, cfg KeySetConfig) []doctor.Finding {
	return doctor.Run(ctx, checks(cfg))
}

func lookAtKeys(ctx context.Context, cfg KeySetConfig) doctor.Finding {
	const fix = "look at COGNITO_USER_POOL_ID, AWS_REGION, COGNITO_ISSUER and COGNITO_JWKS_URL"
	k, err := NewKeySet(cfg)
	if err != nil {
		return doctor.Fail(err.Error(), fix)
	}
	defer func() { _ = k.Close() }()
	if _, err := k.fetch(ctx); err != nil {
		return doctor.Fail("no token can be verified: "+strings.Join(strings.Fields(err.Error()), " "), fix)
	}
	return doctor.Pass("the keys can be read from " + cfg.URL)
}
