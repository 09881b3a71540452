package setup

import (
	"context"
	"fmt"
	"strings"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// tenants brings every tenant that is behind to the newest version. One that fails
// stops no other.
func (s *setup) tenants(ctx context.Context) (err error) {
	options := s.fleet
	options.Patience = s.cfg.MigrationPatience
	if options.Progress == nil {
		options.Progress = func(p fleet.Progress) {
			s.report(fmt.Sprintf("%d of %d tenants are at the newest version, %d failed, %d wait for a lock", p.Tenants-p.Behind+p.Brought, p.Tenants, p.Failed, p.Waiting))
		}
	}
	s.tenantsReport, err = fleet.Run(ctx, s.cfg, s.sets.Tenant, options)
	report := s.tenantsReport
	if report.Brought > 0 {
		s.report(fmt.Sprintf("brought %d of %d tenants to the newest version", report.Brought, report.Tenants))
	}
	for _, group := range report.Groups() {
		s.report(group.String())
	}
	if len(report.Failures) > 0 {
		s.left = append(s.left, describeBehind(report, s.fleet.Canary > 0 || s.fleet.StopOnError))
	}
	return err
}

// describeBehind says how many tenants a run has left behind, and which of them failed.
// A run of all tenants leaves no others but those that were removed meanwhile.
func describeBehind(report fleet.Report, ofSome bool) string {
	failed := make([]string, len(report.Failures))
	for i, f := range report.Failures {
		failed[i] = fmt.Sprintf("%s (%s)", f.Tenant, f.Reason)
	}
	behind, which := len(failed), ""
	if left := report.Behind - report.Brought; ofSome && left > behind {
		behind, which = left, fmt.Sprintf("; %d of them failed", len(failed))
	}
	return fmt.Sprintf("%d of %d tenants are behind, and answer 503 until they are not%s: %s", behind, report.Tenants, which, pg.FirstFew(failed))
}

// incomplete is what setup has left, once all else is done.
func (s *setup) incomplete() error {
	if len(s.left) == 0 {
		return nil
	}
	text := strings.Join(s.left, "; ")
	return pg.Refusal(pg.CodeSetupIncomplete, nil, "%s; all else is set up: remove the cause, then %s, which goes on from here", text, s.goOn)
}
