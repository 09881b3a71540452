// Package citus_test holds the adapter to what a Citus cluster can do. Its tests run on a
// plain server, and with the flag -citus on a cluster.
package citus_test

import (
	"os"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }
