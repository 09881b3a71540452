package river_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := apptest.Close(); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// migrations are River's own, as files for [app.Config.SharedMigrations].
func migrations(t *testing.T) fstest.MapFS {
	t.Helper()
	migrator, err := rivermigrate.New(riverdatabasesql.New(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, m := range migrator.AllVersions() {
		sql := strings.ReplaceAll(m.SQLUp, "/* TEMPLATE: schema */", "") // the path leads to shared
		files[fmt.Sprintf("%04d_river.sql", m.Version)] = &fstest.MapFile{Data: []byte(sql)}
	}
	return files
}

// TestRiversMigrationsRunInShared covers migrations that cannot share a transaction:
// River adds a value to an enum in one file, and uses it in a later one.
func TestRiversMigrationsRunInShared(t *testing.T) {
	files := migrations(t)
	if len(files) < 6 {
		t.Fatalf("River has %d migrations", len(files))
	}
	files[fmt.Sprintf("%04d_job.sql", len(files)+1)] = &fstest.MapFile{Data: []byte(`
		INSERT INTO river_job (kind, args, max_attempts, state) VALUES ('bill', '{}', 1, 'available'), ('bill', '{}', 1, 'pending')`)}
	x := apptest.Open(t, &app.Config{SharedMigrations: files})
	var jobs int
	err := x.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &jobs, `SELECT count(*) FROM river_job`)
	})
	if err != nil || jobs != 2 {
		t.Errorf("there are %d jobs: %v", jobs, err)
	}
}
