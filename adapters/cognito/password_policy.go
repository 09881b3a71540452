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
	lookUpTimeout = 2 * time.Second // the caller waits, and could be answered without the policy
	policyTTL     = 10 * time.Minute
)

// passwordPolicy describes the pool's password policy in words. It asks the pool on
// the first use, and again when the answer is too old.
type passwordPolicy struct {
	provider *Provider
	fixed    string
	asking   sync.Mutex
	known    atomic.Pointer[knownPolicy]
}

type knownPolicy struct {
	sentence string // empty: not available
	until    time.Time
}

func newPasswordPolicy(p *Provider, fixed string) *passwordPolicy {
	return &passwordPolicy{provider: p, fixed: fixed}
}

// sentence returns the policy, or "" if it is not available. One caller at a time asks
// the pool. The others get the last known value meanwhile.
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
		if ctx.Err() == nil { // otherwise the policy stays unknown and the next caller may ask
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
		p.provider.log.LogAttrs(ctx, slog.LevelWarn, "cannot explain refused passwords to users",
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
