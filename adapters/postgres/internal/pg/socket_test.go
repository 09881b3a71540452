package pg_test

import (
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes)
	address := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	cfg.Host = pgtest.SocketTo(t, address)
	hosts := []string{cfg.Host}
	if runtime.GOOS == "linux" {
		abstract := "@partywall-" + cfg.Database
		pgtest.Forward(t, abstract+"/.s.PGSQL."+strconv.Itoa(cfg.Port), address)
		hosts = append(hosts, abstract)
	}
	for i, host := range hosts {
		for _, mode := range []string{"", "disable", "verify-full"} {
			cfg.Host, cfg.SSLMode = host, mode
			pgtest.SetUp(t, cfg)
			pgtest.Note(t, pgtest.Reopen(t, cfg), pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "acme-"+strconv.Itoa(i)+mode), "by a socket")
			pgtest.MustFind(t, cfg, "database-tls", doctor.OK, "Unix socket")
			pgtest.MustFind(t, cfg, "database-certificate", doctor.OK, "")
		}
	}
	t.Run("a folder without a server", func(t *testing.T) {
		cfg.Host = t.TempDir()
		pgtest.MustFind(t, cfg, "database", doctor.Error, "unix_socket_directories")
	})
	t.Run("a path that is too long for a socket", func(t *testing.T) {
		cfg.Host = "/" + strings.Repeat("long/", 25)
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, domain.Invalid)
		if !strings.Contains(err.Error(), "DB_HOST") {
			t.Error(err)
		}
	})
}
