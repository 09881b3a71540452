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
	"github.com/partywall-go/partywall/ports/doctor"
)

// RunChecks looks for the mistakes that such an installation makes most likely,
// and says how to fix each. It looks at the configuration, and at each part that
// isn't built in; it changes nothing, but makes a few objects below ".partywall/" in
// the bucket and deletes them. A check takes some seconds at most.
// What the credentials don't let it see is a warning that names the right.
func RunChecks(ctx context.Context, cfg Config) []doctor.Finding {
	cfg = cfg.withDefaults()
	found := doctor.Run(ctx, cfg.checks())
	p := &Partywall{config: cfg}
	cloud, err := p.loadAWS(ctx)
	if err != nil {
		return append(found, doctor.Finding{Check: "aws", Severity: doctor.Error, Summary: err.Error(), Fix: "fix the file or the variable that is named"})
	}
	looks := p.looks(cloud)
	parts := make([][]doctor.Finding, len(looks))
	var looking sync.WaitGroup
	for i, look := range looks {
		looking.Go(func() { parts[i] = look(ctx) })
	}
	looking.Wait()
	return append(found, slices.Concat(parts...)...)
}

// looks are those at the parts that aren't built in. They don't wait for each other.
func (p *Partywall) looks(cloud aws.Config) []func(context.Context) []doctor.Finding {
	var looks []func(context.Context) []doctor.Finding
	add := func(look func(context.Context) []doctor.Finding) { looks = append(looks, look) }
	cfg := p.config
	if !cfg.Memory && cfg.Database.Host != "" {
		add(func(ctx context.Context) []doctor.Finding {
			return postgres.RunChecks(ctx, postgresConfig(cfg), time.Now)
		})
	}
	if !cfg.Memory && cfg.Database.Host == "" {
		add(func(ctx context.Context) []doctor.Finding {
			return embeddedpg.RunChecks(ctx, embeddedpg.Config{DataDir: cfg.DataDir})
		})
	}
	if p.usesCognito() {
		add(func(ctx context.Context) []doctor.Finding {
			return cognito.RunChecks(ctx, p.cognitoConfig(cloud), time.Now)
		})
		add(func(ctx context.Context) []doctor.Finding { return tokens.RunChecks(ctx, p.keySetConfig()) })
	}
	if !cfg.Memory && cfg.S3.Bucket != "" {
		add(func(ctx context.Context) []doctor.Finding {
			return s3.RunChecks(ctx, p.s3Config(cloud), cfg.AllowOrigins)
		})
	}
	if p.sendsMail() {
		add(func(ctx context.Context) []doctor.Finding { return ses.RunChecks(ctx, p.sesConfig(cloud)) })
	}
	return looks
}

// Checks describes all that [RunChecks] may look at, in its order.
func Checks() []doctor.Info {
	return slices.Concat(doctor.Describe(Config{}.checks()), embeddedpg.Checks(), postgres.Checks(), cognito.Checks(), tokens.Checks(), s3.Checks(), ses.Checks())
}

// CheckConfig is the part of [RunChecks] that looks at nothing but cfg.
func CheckConfig(ctx context.Context, cfg Config) []doctor.Finding {
	return doctor.Run(ctx, cfg.withDefaults().checks())
}
