package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

//go:embed migrations
var embedded embed.FS

// migration is a file that changes a schema.
type migration struct {
	number   int
	name     string // the file's
	sql      string
	checksum string // of its lines, however they end
}

// set is the migrations of one kind, from number 1 on without a gap.
type set struct {
	name       string
	migrations []migration
}

// sets are all migrations, by where they run.
type sets struct {
	system, shared set
	tenant         []set // ours, then the product's: run in every tenant's schema
}

// loadSets reads all migrations, ours and the product's.
func loadSets(cfg Config) (sets, error) {
	var s sets
	tenant, product := set{}, set{}
	for _, source := range []struct {
		into  *set
		name  string
		files fs.FS
	}{
		{&s.system, "system", ours("system")},
		{&tenant, "tenant", ours("tenant")},
		{&s.shared, "shared", cfg.SharedMigrations},
		{&product, "product", cfg.TenantMigrations},
	} {
		loaded, err := loadSet(source.name, source.files)
		if err != nil {
			return sets{}, err
		}
		*source.into = loaded
	}
	s.tenant = []set{tenant, product}
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

// loadSet reads a set's files. Its mistakes are [CodeMigrationFailed].
func loadSet(name string, files fs.FS) (set, error) {
	s := set{name: name}
	if files == nil {
		return s, nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return s, refusal(CodeMigrationFailed, err, "the %s migrations can't be read", name)
	}
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), ".sql") {
			continue
		}
		m, err := loadMigration(files, entry.Name())
		if err != nil {
			return s, refusal(CodeMigrationFailed, nil, "migration %s/%s: %v", name, entry.Name(), err)
		}
		s.migrations = append(s.migrations, m)
	}
	if len(s.migrations) == 0 && len(entries) > 0 {
		return s, refusal(CodeMigrationFailed, nil, "the %s migrations have no .sql file at their root: fs.Sub gives a folder's files", name)
	}
	slices.SortStableFunc(s.migrations, func(a, b migration) int { return a.number - b.number })
	return s, s.checkNumbers()
}

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
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return migration{}, errors.New("it isn't UTF-8 text")
	}
	sum := sha256.Sum256([]byte(text))
	return migration{number, name, text, hex.EncodeToString(sum[:])}, nil
}

func (s set) checkNumbers() error {
	for i, m := range s.migrations {
		switch {
		case i > 0 && m.number == s.migrations[i-1].number:
			return refusal(CodeMigrationFailed, nil, "migrations %s/%s and %s/%s have the same number", s.name, s.migrations[i-1].name, s.name, m.name)
		case m.number != i+1:
			return refusal(CodeMigrationFailed, nil, "migration %s/%s comes where number %d is missing", s.name, m.name, i+1)
		}
	}
	return nil
}

// path is the search path of the set's files.
func (s set) path(tenant string) string {
	switch {
	case tenant != "":
		return pathOf("tenant_" + tenant)
	case s.name == "shared":
		return pathOf(sharedSchema)
	}
	return ownPath
}

// run applies a set's migrations in order, a file a message, on the path of the
// set, and records them on our own.
func (s set) run(ctx context.Context, tx *sqlx.Tx, tenant string, migrations []migration) error {
	if len(migrations) == 0 {
		return nil
	}
	var numbers []int64
	var names, checksums []string
	if _, err := tx.ExecContext(ctx, "SET LOCAL search_path = "+s.path(tenant)); err != nil {
		return err
	}
	for _, m := range migrations {
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return s.failure(ctx, m, err)
		}
		numbers, names, checksums = append(numbers, int64(m.number)), append(names, m.name), append(checksums, m.checksum)
	}
	if _, err := tx.ExecContext(ctx, setOwnPath); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.migrations (set, tenant, number, name, checksum)
		SELECT $1, $2, * FROM unnest($3::int[], $4::text[], $5::text[])`,
		s.name, tenant, pq.Array(numbers), pq.Array(names), pq.Array(checksums))
	return err
}

func (s set) failure(ctx context.Context, m migration, err error) error {
	if contextErr(ctx) != nil || unavailable(err) {
		return err
	}
	return refusal(CodeMigrationFailed, err, "migration %s/%s failed: %s", s.name, m.name, complaint(err))
}

// complaint is what the server says, hint included.
func complaint(err error) string {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return err.Error()
	}
	parts := []string{e.Error()}
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			parts = append(parts, "("+more+")")
		}
	}
	return strings.ReplaceAll(strings.Join(parts, " "), "\n", " ")
}

// runNew applies what the set's ledger rows for tenant lack, and returns it.
func (s set) runNew(ctx context.Context, tx *sqlx.Tx, tenant string) ([]migration, error) {
	var applied []entry
	err := tx.SelectContext(ctx, &applied, `
		SELECT set, number, name, checksum, 1 AS times, 1 AS tenants
		FROM partywall.migrations WHERE set = $1 AND tenant = $2`, s.name, tenant)
	if err != nil {
		return nil, err
	}
	missing, err := ledger(applied).missing(s, 1)
	if err != nil {
		return nil, err
	}
	return missing, s.run(ctx, tx, tenant, missing)
}
