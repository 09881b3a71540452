// Package walls_test tries what SQL inside a tenant's scope could do to other tenants,
// and what a scope that ends at any point leaves to the next one.
package walls_test

import (
	"os"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }
