package river

import (
	_ "embed"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed tenants.sql
var tenants string

// Migrations returns River's own migrations, and the one that lets tenants enqueue jobs,
// as files for [app.Config.SharedMigrations].
func Migrations() (fs.FS, error) {
	migrator, err := rivermigrate.New(riverdatabasesql.New(nil), nil)
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	for _, m := range migrator.AllVersions() {
		sql := strings.ReplaceAll(m.SQLUp, "/* TEMPLATE: schema */", "") // the path leads to shared
		files[fmt.Sprintf("%04d_river.sql", m.Version)] = &fstest.MapFile{Data: []byte(sql)}
	}
	files[fmt.Sprintf("%04d_tenants.sql", len(files)+1)] = &fstest.MapFile{Data: []byte(tenants)}
	return files, nil
}
