package postgres

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

// migration is a file that changes a schema.
type migration struct {
	number    int
	name      string // the file's
	sql       string
	checksum  string // of its lines, however they end
	published bool   // an earlier setup took it
}

// set is the migrations of one kind, from number 1 on without a gap.
type set struct {
	name       string
	version    string // the column of partywall.tenants with the last number that a tenant has; empty where tenants have none
	migrations []migration
}

// last is the number of the last migration, and 0 where there is none.
func (s set) last() int { return len(s.migrations) }

// file names a migration of the set to the operator.
func (s set) file(m migration) string { return s.name + "/" + m.name }

// sets are all migrations, by where they run.
type sets struct {
	system, shared set
	tenant         []set // ours, then the product's: run in every tenant's schema
}

// loadSets reads all migrations, ours and the product's.
func loadSets(cfg pg.Config) (sets, error) {
	var s sets
	s.system.name, s.shared.name = "system", "shared"
	s.tenant = []set{{name: "tenant", version: "pw_version"}, {name: "product", version: "version"}}
	for _, source := range []struct {
		into  *set
		files fs.FS
	}{
		{&s.system, ours("system")},
		{&s.tenant[0], ours("tenant")},
		{&s.shared, cfg.SharedMigrations},
		{&s.tenant[1], cfg.TenantMigrations},
	} {
		if err := source.into.load(source.files); err != nil {
			return sets{}, err
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

// load reads the set's files. Its mistakes are [CodeMigrationFailed].
func (s *set) load(files fs.FS) error {
	if files == nil {
		return nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return pg.Refusal(pg.CodeMigrationFailed, err, "the %s migrations can't be read", s.name)
	}
	for _, entry := range entries {
		if entry.IsDir() || !strings.EqualFold(path.Ext(entry.Name()), ".sql") {
			continue
		}
		m, err := loadMigration(files, entry.Name())
		if err != nil {
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s/%s: %v", s.name, entry.Name(), err)
		}
		s.migrations = append(s.migrations, m)
	}
	if len(s.migrations) == 0 && len(entries) > 0 {
		return pg.Refusal(pg.CodeMigrationFailed, nil, "the %s migrations have no .sql file at their root: fs.Sub returns the files of a folder", s.name)
	}
	slices.SortStableFunc(s.migrations, func(a, b migration) int { return a.number - b.number })
	return s.checkNumbers()
}

const byteOrderMark = "\uFEFF"

func loadMigration(files fs.FS, name string) (migration, error) {
	match := migrationName.FindStringSubmatch(name)
	if match == nil {
		return migration{}, errors.New("a name looks like 0001_invoices.sql, in lower case")
	}
	number, err := strconv.Atoi(match[1])
	if err != nil {
		return migration{}, err
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return migration{}, err
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return migration{}, errors.New("it isn't UTF-8 text: save it as UTF-8")
	case strings.HasPrefix(text, byteOrderMark):
		return migration{}, errors.New("it begins with a byte order mark, which the server takes for a part of the first word: save it as UTF-8 without BOM")
	}
	sum := sha256.Sum256([]byte(text))
	return migration{number: number, name: name, sql: text, checksum: hex.EncodeToString(sum[:])}, nil
}

func (s set) checkNumbers() error {
	for i, m := range s.migrations {
		switch {
		case i > 0 && m.number == s.migrations[i-1].number:
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migrations %s/%s and %s/%s have the same number", s.name, s.migrations[i-1].name, s.name, m.name)
		case m.number != i+1:
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s/%s comes where number %d is missing", s.name, m.name, i+1)
		}
	}
	return nil
}
