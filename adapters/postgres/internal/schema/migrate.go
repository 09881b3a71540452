package schema

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

//go:embed migrations
var embedded embed.FS

// Migration is a file that changes a schema.
type Migration struct {
	number    int
	name      string // the file's
	sql       string
	checksum  string // of its lines, however they end
	published bool   // an earlier setup took it
}

// Set is the migrations of one kind, from number 1 on without a gap.
type Set struct {
	Name       string
	Version    string // the column of partywall.tenants with the last number that a tenant has; empty where tenants have none
	Migrations []Migration
}

// Last is the number of the last migration, and 0 where there is none.
func (s Set) Last() int { return len(s.Migrations) }

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

var migrationName = regexp.MustCompile(`^([0-9]+)_[a-z0-9_-]+\.sql$`)

// load reads the set's files. Its mistakes are [pg.CodeMigrationFailed].
func (s *Set) load(files fs.FS) error {
	if files == nil {
		return nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return pg.Refusal(pg.CodeMigrationFailed, err, "the %s migrations can't be read", s.Name)
	}
	for _, entry := range entries {
		if entry.IsDir() || !strings.EqualFold(path.Ext(entry.Name()), ".sql") {
			continue
		}
		m, err := loadMigration(files, entry.Name())
		if err != nil {
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s/%s: %v", s.Name, entry.Name(), err)
		}
		s.Migrations = append(s.Migrations, m)
	}
	if len(s.Migrations) == 0 && len(entries) > 0 {
		return pg.Refusal(pg.CodeMigrationFailed, nil, "the %s migrations have no .sql file at their root: fs.Sub returns the files of a folder", s.Name)
	}
	slices.SortStableFunc(s.Migrations, func(a, b Migration) int { return a.number - b.number })
	return s.checkNumbers()
}

const byteOrderMark = "\uFEFF"

func loadMigration(files fs.FS, name string) (Migration, error) {
	match := migrationName.FindStringSubmatch(name)
	if match == nil {
		return Migration{}, errors.New("a name looks like 0001_invoices.sql, in lower case")
	}
	number, err := strconv.Atoi(match[1])
	if err != nil {
		return Migration{}, err
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return Migration{}, err
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return Migration{}, errors.New("it isn't UTF-8 text: save it as UTF-8")
	case strings.HasPrefix(text, byteOrderMark):
		return Migration{}, errors.New("it begins with a byte order mark, which the server takes for a part of the first word: save it as UTF-8 without BOM")
	}
	sum := sha256.Sum256([]byte(text))
	return Migration{number: number, name: name, sql: text, checksum: hex.EncodeToString(sum[:])}, nil
}

func (s Set) checkNumbers() error {
	for i, m := range s.Migrations {
		switch {
		case i > 0 && m.number == s.Migrations[i-1].number:
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migrations %s/%s and %s/%s have the same number", s.Name, s.Migrations[i-1].name, s.Name, m.name)
		case m.number != i+1:
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s/%s comes where number %d is missing", s.Name, m.name, i+1)
		}
	}
	return nil
}
