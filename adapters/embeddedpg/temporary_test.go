package embeddedpg_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

func TestTemporary(t *testing.T) {
	s := temporary(t)
	db := login(t, s)

	t.Run("its login may make roles and databases, and is no superuser", func(t *testing.T) {
		got := ask(t, db, "SELECT concat_ws(' ', rolcreaterole, rolcreatedb, rolsuper, rolbypassrls) FROM pg_roles WHERE rolname = current_user")
		if got != "t t f f" {
			t.Errorf("createrole createdb super bypassrls: %s", got)
		}
	})
	t.Run("Close removes it and its folder", func(t *testing.T) {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if listens(s) {
			t.Error("it still listens")
		}
		if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", s.Dir, err)
		}
	})
}
