package schema_test

import (
	"os"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestServerVersion logs which server the tests ran on.
func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }
