package cognito

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const (
	lookUpTimeout = 2 * time.Second // somebody waits who could be answered without
	policyTTL     = 10 * time.Minute
)

// passwordPolicy knows what the pool wants of a password, in words. It asks when
// it is first needed, and again when what it knows is old.
type passwordPolicy struct {
	provider *Provider
	fixed    string
	asking   sync.Mutex
	known    atomic.Pointer[knownPolicy]
}

type knownPolicy struct {
	sentence string // empty: it couldn't be had
	until    time.Time
}

func newPasswordPolicy(p *Provider, fixed string) *passwordPolicy {
	return &passwordPolicy{provider: p, fixed: fixed}
}

// sentence returns the policy, or "" if it can't be had. One caller asks for it;
// who comes meanwhile gets what was known before.
func (p *passwordPolicy) sentence(ctx context.Context) string {
	if p.fixed != "" || p.provider.admin == nil {
		return p.fixed
	}
	known := p.known.Load()
	if known != nil && time.Now().Before(known.until) {
		return known.sentence
	}
	if p.asking.TryLock() {
		defer p.asking.Unlock()
		known = &knownPolicy{sentence: p.ask(ctx), until: time.Now().Add(policyTTL)}
		if ctx.Err() == nil { // else it isn't known, and whoever comes next may ask
			p.known.Store(known)
		}
	}
	if known == nil {
		return ""
	}
	return known.sentence
}

func (p *passwordPolicy) ask(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	out, err := p.provider.admin.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: &p.provider.pool})
	if err != nil {
		p.provider.log.LogAttrs(ctx, slog.LevelWarn, "people whose password is refused aren't told why",
			slog.String("fix", "allow cognito-idp:DescribeUserPool"), slog.Any("cause", cause("DescribeUserPool", err)))
		return ""
	}
	if out.UserPool == nil || out.UserPool.Policies == nil {
		return ""
	}
	return describePolicy(out.UserPool.Policies.PasswordPolicy)
}

func describePolicy(policy *types.PasswordPolicyType) string {
	if policy == nil {
		return ""
	}
	parts := []string{fmt.Sprintf("at least %d characters", aws.ToInt32(policy.MinimumLength))}
	for _, rule := range []struct {
		wanted bool
		what   string
	}{
		{policy.RequireUppercase, "an upper-case letter"},
		{policy.RequireLowercase, "a lower-case letter"},
		{policy.RequireNumbers, "a digit"},
		{policy.RequireSymbols, "a symbol"},
	} {
		if rule.wanted {
			parts = append(parts, rule.what)
		}
	}
	sentence := strings.Join(parts, ", ")
	if n := aws.ToInt32(policy.PasswordHistorySize); n > 0 {
		sentence += fmt.Sprintf("; none of the last %d passwords", n)
	}
	return sentence
}
