package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// ledger is what was applied.
type ledger []entry

// entry says how often a file was applied: once, or once for each tenant.
type entry struct {
	Set      string
	Number   int
	Name     string
	Checksum string
	Times    int
	Tenants  int // how many there are
}

// readLedger counts what was applied, over all tenants, at one moment.
func readLedger(ctx context.Context, db sqlx.QueryerContext) (l ledger, err error) {
	return l, sqlx.SelectContext(ctx, db, &l, `
		SELECT set, number, min(name) AS name, checksum, count(*) AS times, (SELECT count(*) FROM partywall.tenants) AS tenants
		FROM partywall.migrations GROUP BY set, number, checksum ORDER BY set, number`)
}

// check refuses a database that lacks a migration, or had another of the same
// number. One that is ahead is fine: a newer program runs beside this one.
func (l ledger) check(s sets, cfg Config) error {
	for _, once := range []set{s.system, s.shared} {
		if missing, err := l.missing(once, 1); err != nil || len(missing) > 0 {
			return behind(once, missing, err, cfg)
		}
	}
	for _, each := range s.tenant {
		if missing, err := l.missing(each, l.tenants()); err != nil || len(missing) > 0 {
			return behind(each, missing, err, cfg)
		}
	}
	return nil
}

// tenants is how many there are.
func (l ledger) tenants() int {
	if len(l) == 0 {
		return 0
	}
	return l[0].Tenants
}

// missing returns the set's migrations that were applied less than times times.
func (l ledger) missing(s set, times int) (missing []migration, err error) {
	for _, m := range s.migrations {
		applied := 0
		for _, e := range l {
			if e.Set != s.name || e.Number != m.number {
				continue
			}
			if e.Checksum != m.checksum {
				return nil, refusal(CodeMigrationChanged, nil, "migration %s/%s was changed after it was applied as %s: restore the file, and put the change into a new one", s.name, m.name, e.Name)
			}
			applied += e.Times
		}
		if applied < times {
			missing = append(missing, m)
		}
	}
	return missing, nil
}

func behind(s set, missing []migration, err error, cfg Config) error {
	if err != nil {
		return err
	}
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = fmt.Sprintf("%s/%s", s.name, m.name)
	}
	return refusal(CodeBehind, nil, "the database is behind, it lacks %s: %s", strings.Join(names, ", "), cfg.setItUp())
}
