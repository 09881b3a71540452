package app_test

import (
	"errors"
	"io"
	"log"
	"os"
	"testing"

	"github.com/partywall-go/partywall/app/apptest"
)

// atEnd is closed when all tests and examples have run.
var atEnd []io.Closer

func TestMain(m *testing.M) {
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
