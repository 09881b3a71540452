package fleet_test

import (
	"os"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestMain(m *testing.M) {
	if config := os.Getenv(runnerConfig); config != "" {
		os.Exit(runAsProcess(config))
	}
	os.Exit(pgtest.Main(m))
}

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }
