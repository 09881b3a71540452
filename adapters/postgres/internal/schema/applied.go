package schema

import (
	"slices"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// Applied is a migration that a tenant has, here or in another installation.
type Applied struct {
	Set            string
	Number         int64
	Name, Checksum string
}

// Split returns the sets with the files that a tenant has, and with those that it lacks.
// A file that the sets lack or have otherwise is refused in one line, and so is one that
// the tenant lacks and that sorts before one that it has.
func Split(sets []Set, applied []Applied) (has, lacks []Set, err error) {
	for _, a := range applied {
		at := slices.IndexFunc(sets, func(s Set) bool { return s.Name == a.Set })
		if at < 0 || !sets[at].contains(a.Number) {
			return nil, nil, pg.Refusal(pg.CodeMigrationChanged, nil, "the archive has migration %s/%s, which this program does not have: import it by a program that has, at the same release or a newer one", a.Set, a.Name)
		}
	}
	for _, s := range sets {
		with, without := s, s
		with.Migrations, without.Migrations = nil, nil
		for _, m := range s.Migrations {
			at := slices.IndexFunc(applied, func(a Applied) bool { return a.Set == s.Name && a.Number == m.number })
			switch {
			case at < 0:
				without.Migrations = append(without.Migrations, m)
			case applied[at].Checksum != m.checksum:
				return nil, nil, pg.Refusal(pg.CodeMigrationChanged, nil, "migration %s differs from %s in the archive, so the rows may not fit it", s.File(m), applied[at].Name)
			default:
				with.Migrations = append(with.Migrations, m)
			}
		}
		if len(without.Migrations) > 0 && without.Migrations[0].number < with.Last() {
			last := with.Migrations[len(with.Migrations)-1]
			return nil, nil, pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s sorts before %s, which the archive has without it: give it a number above %d, or import the archive by a program that does not have it", s.File(without.Migrations[0]), s.File(last), last.number)
		}
		has, lacks = append(has, with), append(lacks, without)
	}
	return has, lacks, nil
}
