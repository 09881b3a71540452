package app_test

import (
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"testing"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/app/apptest"
)

// atEnd is closed after all tests and examples have run.
var atEnd []io.Closer

func TestMain(m *testing.M) {
	if _, err := embeddedpg.FindBinaries(); err != nil && os.Getenv("CI") != "true" {
		_ = flag.Set("test.skip", "ExamplePartywall_InTenant") // an example cannot skip itself
	}
	code := m.Run()
	err := apptest.Close()
	for _, closer := range atEnd {
		err = errors.Join(err, closer.Close())
	}
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// needPostgres skips the test on a machine without PostgreSQL, unless in CI.
func needPostgres(t *testing.T) {
	t.Helper()
	_, err := embeddedpg.FindBinaries()
	realservers.Need(t, err)
}
