package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/adapters/ses"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/ports"
)

// Examine looks for the mistakes that such an installation makes most likely,
// and says how to mend each. It looks at the configuration, and at each part that
// isn't built in; it changes nothing, but makes a few objects below ".partywall/" in
// the bucket and deletes them. A check takes some seconds at most.
// What the credentials don't let it see is a warning that names the right.
func Examine(ctx context.Context, cfg Config) []ports.Finding {
	cfg = cfg.withDefaults()
	found := ports.Examine(ctx, cfg.checks())
	p := &Partywall{config: cfg}
	cloud, err := p.loadAWS(ctx)
	if err != nil {
		return append(found, ports.Finding{Check: "aws", Severity: ports.SeverityError, What: err.Error(), Mend: "mend the file or the variable that is named"})
	}
	looks := p.looks(cloud)
	parts := make([][]ports.Finding, len(looks))
	var looking sync.WaitGroup
	for i, look := range looks {
		looking.Go(func() { parts[i] = look(ctx) })
	}
	looking.Wait()
	return append(found, slices.Concat(parts...)...)
}

// looks are those at the parts that aren't built in. They don't wait for each other.
func (p *Partywall) looks(cloud aws.Config) []func(context.Context) []ports.Finding {
	var looks []func(context.Context) []ports.Finding
	add := func(look func(context.Context) []ports.Finding) { looks = append(looks, look) }
	cfg := p.config
	if !cfg.Memory && cfg.Database.Host != "" {
		add(func(ctx context.Context) []ports.Finding { return postgres.Examine(ctx, postgresConfig(cfg), time.Now) })
	}
	if !cfg.Memory && cfg.Database.Host == "" {
		add(func(ctx context.Context) []ports.Finding {
			return embeddedpg.Examine(ctx, embeddedpg.Config{DataDir: cfg.DataDir})
		})
	}
	if p.usesCognito() {
		add(func(ctx context.Context) []ports.Finding {
			return cognito.Examine(ctx, p.cognitoConfig(cloud), time.Now)
		})
		add(func(ctx context.Context) []ports.Finding { return tokens.Examine(ctx, p.keySetConfig()) })
	}
	if !cfg.Memory && cfg.S3.Bucket != "" {
		add(func(ctx context.Context) []ports.Finding { return s3.Examine(ctx, p.s3Config(cloud), cfg.AllowOrigins) })
	}
	if p.sendsMail() {
		add(func(ctx context.Context) []ports.Finding { return ses.Examine(ctx, p.sesConfig(cloud)) })
	}
	return looks
}

// Checks describes all that [Examine] may look at, in its order.
func Checks() []ports.CheckInfo {
	return slices.Concat(ports.Describe(Config{}.checks()), embeddedpg.Checks(), postgres.Checks(), cognito.Checks(), tokens.Checks(), s3.Checks(), ses.Checks())
}

// ExamineConfig is the part of [Examine] that looks at nothing but cfg.
func ExamineConfig(ctx context.Context, cfg Config) []ports.Finding {
	return ports.Examine(ctx, cfg.withDefaults().checks())
}
