package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

func TestADatabaseOnASocketIsNamedByItsSocket(t *testing.T) {
	folder := t.TempDir()
	socket := filepath.Join(folder, ".s.PGSQL.5432")
	cfg := app.Config{Database: app.Database{Host: folder, User: "partywall", Password: domain.NewSecret("correct horse battery")}}
	_, err := app.OpenRegistry(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "partywall at "+socket+" is not ready") || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("opening it: %v", err)
	}
	var said []string
	err = app.Setup(t.Context(), cfg, func(line string) { said = append(said, line) })
	if err == nil || strings.Count(err.Error(), "log in as partywall") != 1 || len(said) == 0 || said[0] != "setting up database partywall at "+socket {
		t.Errorf("setup printed %q, and returned %v", said, err)
	}
}
