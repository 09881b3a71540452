package schema

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// numbered is a file name of goose and of golang-migrate: a number, then a title.
var numbered = regexp.MustCompile(`^([0-9]+)_.`)

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
		if entry.IsDir() || !isMigration(entry.Name()) {
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
	slices.SortStableFunc(s.Migrations, func(a, b Migration) int { return cmp.Compare(a.number, b.number) })
	return s.checkNumbers()
}

// isMigration reports whether a file is a migration. The .down.sql files of
// golang-migrate are not, and of the .go files those that goose would run are.
func isMigration(name string) bool {
	lower := strings.ToLower(name)
	switch path.Ext(lower) {
	case ".sql":
		return !strings.HasSuffix(lower, ".down.sql")
	case ".go":
		return numbered.MatchString(name) && !strings.HasSuffix(lower, "_test.go")
	}
	return false
}

const byteOrderMark = "\uFEFF"

func loadMigration(files fs.FS, name string) (Migration, error) {
	if path.Ext(strings.ToLower(name)) == ".go" {
		return Migration{}, errors.New("a migration in Go does not run inside a tenant: write it as SQL, and work that needs Go as a command of the product that enters each tenant")
	}
	number, err := numberOf(name)
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
	m := Migration{number: number, name: name, checksum: hex.EncodeToString(sum[:])}
	var outside bool
	if m.sql, outside, err = up(text); err == nil && outside {
		m.indexes, err = indexStatements(m.sql)
	}
	return m, err
}

// numberOf reads the number that a file's name begins with.
func numberOf(name string) (int64, error) {
	match := numbered.FindStringSubmatch(name)
	if match == nil || !strings.HasSuffix(name, ".sql") || strings.ContainsFunc(name, unicode.IsControl) {
		return 0, errors.New("a name looks like 0001_invoices.sql or 20260131120000_invoices.up.sql")
	}
	number, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("its number is not between 1 and %d", int64(math.MaxInt64))
	}
	return number, nil
}

func (s Set) checkNumbers() error {
	for i, m := range s.Migrations {
		if i > 0 && m.number == s.Migrations[i-1].number {
			return pg.Refusal(pg.CodeMigrationFailed, nil, "migrations %s/%s and %s/%s have the same number", s.Name, s.Migrations[i-1].name, s.Name, m.name)
		}
	}
	return nil
}
