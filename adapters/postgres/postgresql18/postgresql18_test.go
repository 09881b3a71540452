// Package postgresql18_test runs the tests of the package above that depend on the
// server's version on the newest one.
package postgresql18_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestPostgreSQL18(t *testing.T) {
	pgtest.OnPostgreSQL18(t, "github.com/partywall-go/partywall/adapters/postgres",
		"TestInTenant", "TestATenantOfEveryKind.*", "TestRowsThatAnUnvalidated.*", "TestProvision", "TestTransactionOptions", "TestWhatAFile.*")
}
