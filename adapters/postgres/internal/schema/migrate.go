package schema

import (
	"embed"
	"io/fs"
	"slices"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

//go:embed migrations
var embedded embed.FS

// Migration is a file that changes a schema.
type Migration struct {
	number    int64
	name      string           // the file's
	sql       string           // what runs of it
	indexes   []indexStatement // its statements, if it runs outside of a transaction
	checksum  string           // of all of its lines, however they end
	published bool             // an earlier setup took it
}

// inTransaction returns what of a file runs in a transaction, where new tenants are made.
func (m Migration) inTransaction() string {
	return withoutTransaction(withoutConcurrently(m.sql, m.indexes))
}

// Set is the migrations of one kind, in the order of their numbers.
type Set struct {
	Name       string
	Version    string // the column of partywall.tenants with the last number that a tenant has; empty where tenants have none
	Migrations []Migration
}

// Last is the number of the last migration, and 0 where there is none.
func (s Set) Last() int64 {
	if len(s.Migrations) == 0 {
		return 0
	}
	return s.Migrations[len(s.Migrations)-1].number
}

// Above names the set's migrations above a number.
func (s Set) Above(number int64) (files []string) {
	for _, m := range s.Migrations {
		if m.number > number {
			files = append(files, s.File(m))
		}
	}
	return files
}

// contains reports whether the set has a migration of the number.
func (s Set) contains(number int64) bool {
	return slices.ContainsFunc(s.Migrations, func(m Migration) bool { return m.number == number })
}

// File names a migration of the set to the operator.
func (s Set) File(m Migration) string { return s.Name + "/" + m.name }

// Sets are all migrations, by where they run.
type Sets struct {
	System, Shared Set
	Tenant         []Set // ours, then the product's: run in every tenant's schema
}

// LoadSets reads all migrations, ours and the product's.
func LoadSets(cfg pg.Config) (Sets, error) {
	var s Sets
	s.System.Name, s.Shared.Name = "system", "shared"
	s.Tenant = []Set{{Name: "tenant", Version: "pw_version"}, {Name: "product", Version: "version"}}
	for _, source := range []struct {
		into  *Set
		files fs.FS
	}{
		{&s.System, ours("system")},
		{&s.Tenant[0], ours("tenant")},
		{&s.Shared, cfg.SharedMigrations},
		{&s.Tenant[1], cfg.TenantMigrations},
	} {
		if err := source.into.load(source.files); err != nil {
			return Sets{}, err
		}
	}
	return s, nil
}

// ours returns the embedded files of a set, or nil if it has none.
func ours(name string) fs.FS {
	files, err := fs.Sub(embedded, "migrations/"+name)
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(files, "."); err != nil {
		return nil
	}
	return files
}
