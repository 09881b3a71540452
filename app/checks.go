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

// RunChecks reports the most likely mistakes in an installation, and how to fix each. It
// checks the configuration, and each part that is not built in. It changes nothing, but
// creates a few objects below ".partywall/" in the bucket and deletes them. A check takes
// some seconds at most. If the credentials do not allow a check, the finding is a warning
// that names the missing right.
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

// looks returns the checks of the parts that are not built in. They run concurrently.
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

// Checks describes all checks of [RunChecks], in its order.
func Checks() []doctor.Info {
	return slices.Concat(doctor.Describe(Config{}.checks()), embeddedpg.Checks(), postgres.Checks(), cognito.Checks(), tokens.Checks(), s3.Checks(), ses.Checks())
}

// CheckConfig runs the checks of [RunChecks] that need only cfg.
func CheckConfig(ctx context.Context, cfg Config) []doctor.Finding {
	return doctor.Run(ctx, cfg.withDefaults().checks())
}
