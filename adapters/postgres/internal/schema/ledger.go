package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// ledger lists the files that were applied, or published for new tenants.
type ledger []entry

// entry is a file as it was then.
type entry struct {
	Set      string
	Number   int64
	Name     string
	Checksum string
}

// ReadOnce reads what was applied once for the whole installation.
func ReadOnce(ctx context.Context, db sqlx.QueryerContext) (l ledger, err error) {
	err = sqlx.SelectContext(ctx, db, &l, `
		SELECT set, number, name, checksum FROM partywall.migrations WHERE tenant = '' ORDER BY set, number`)
	return l, err
}

// ReadPublished reads what makes a tenant, by the newest setup.
func ReadPublished(ctx context.Context, db sqlx.QueryerContext) (l ledger, err error) {
	err = sqlx.SelectContext(ctx, db, &l, `
		SELECT set, number, name, checksum FROM partywall.tenant_files ORDER BY set, number`)
	return l, err
}

// readTenants reads what was applied to any tenant: a file that differs from
// tenant to tenant comes several times.
func readTenants(ctx context.Context, db sqlx.QueryerContext) (l ledger, err error) {
	err = sqlx.SelectContext(ctx, db, &l, `
		SELECT set, number, min(name) AS name, checksum FROM partywall.migrations WHERE tenant <> ''
		GROUP BY set, number, checksum ORDER BY set, number`)
	return l, err
}

// UpToDate refuses a database that setup hasn't brought to the program's version,
// or that had another file of the same number. How far each tenant is concerns
// that tenant alone. A database that is ahead is fine: a newer program runs beside
// this one.
func UpToDate(ctx context.Context, db sqlx.QueryerContext, s Sets, cfg pg.Config) error {
	for _, part := range []struct {
		read func(context.Context, sqlx.QueryerContext) (ledger, error)
		sets []Set
	}{
		{ReadOnce, []Set{s.System, s.Shared}},
		{ReadPublished, s.Tenant},
	} {
		l, err := part.read(ctx, db)
		if err != nil {
			return pg.Translate(ctx, err, "read the ledger")
		}
		if err := l.check(part.sets, cfg); err != nil {
			return err
		}
	}
	return nil
}

func (l ledger) check(sets []Set, cfg pg.Config) error {
	var names []string
	for _, s := range sets {
		missing, err := l.missing(s)
		if err != nil {
			return err
		}
		for _, m := range missing {
			names = append(names, s.File(m))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return pg.Refusal(pg.CodeBehind, nil, "the database is behind, it lacks %s: %s", strings.Join(names, ", "), cfg.SetItUp())
}

// missing returns the set's migrations that the ledger lacks. It refuses a migration
// that was changed after it was applied.
func (l ledger) missing(s Set) (missing []Migration, err error) {
	for _, m := range s.Migrations {
		found, err := l.has(s, m)
		if err != nil {
			return nil, err
		}
		if !found {
			missing = append(missing, m)
		}
	}
	return missing, nil
}

// inOrder refuses a set whose order is not the ledger's: a tenant that is made later
// would get the files in another order than the tenants that have them.
func (l ledger) inOrder(s Set) error {
	for _, m := range s.Migrations {
		later := l.after(s, m)
		if found, err := l.has(s, m); err != nil || found || later == nil {
			if err != nil {
				return err
			}
			continue
		}
		return pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s sorts before %s/%s, which was applied already: give it a number above %d", s.File(m), s.Name, later.Name, later.Number)
	}
	for _, e := range l {
		if e.Set == s.Name && e.Number < s.Last() && !s.contains(e.Number) {
			return pg.Refusal(pg.CodeMigrationChanged, nil, "migration %s/%s was applied, and this program has later ones, but not that: restore the file", s.Name, e.Name)
		}
	}
	return nil
}

// after returns the last entry of the set that is above the migration, or nil.
func (l ledger) after(s Set, m Migration) (last *entry) {
	for i, e := range l {
		if e.Set == s.Name && e.Number > m.number && (last == nil || e.Number > last.Number) {
			last = &l[i]
		}
	}
	return last
}

// has reports whether the ledger has the migration. Another one of the same number
// is [pg.CodeMigrationChanged].
func (l ledger) has(s Set, m Migration) (found bool, err error) {
	for _, e := range l {
		switch {
		case e.Set != s.Name || e.Number != m.number:
		case e.Checksum != m.checksum:
			return false, pg.Refusal(pg.CodeMigrationChanged, nil, "migration %s was changed after it was applied as %s: restore the file, and put the change into a new one", s.File(m), e.Name)
		default:
			found = true
		}
	}
	return found, nil
}

// Published returns the sets with a mark on each migration that is in the ledger
// as it is.
func (l ledger) Published(sets []Set) []Set {
	marked := make([]Set, len(sets))
	for i, s := range sets {
		marked[i] = s
		marked[i].Migrations = make([]Migration, len(s.Migrations))
		for j, m := range s.Migrations {
			found, err := l.has(s, m)
			m.published = found && err == nil
			marked[i].Migrations[j] = m
		}
	}
	return marked
}

// ErrNotThere says that a tenant was removed in the meantime.
var ErrNotThere = errors.New("the tenant was removed")

// Ahead names the migrations of our own sets that this program doesn't
// have. The product's are no business of a program that has none.
func (l ledger) Ahead(sets []Set) (names []string) {
	for _, known := range sets {
		for _, e := range l {
			if len(known.Migrations) > 0 && e.Set == known.Name && e.Number > known.Last() {
				names = append(names, fmt.Sprintf("%s/%s", e.Set, e.Name))
			}
		}
	}
	return names
}
