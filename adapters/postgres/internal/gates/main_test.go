package gates_test

import (
	"os"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestMain(m *testing.M) {
	if config := os.Getenv(moverConfig); config != "" {
		os.Exit(moveAsProcess(config))
	}
	os.Exit(pgtest.Main(m))
}

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }
