package apptest

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

func TestOnlyWhatNamesADatabaseIsLeftAside(t *testing.T) {
	behaviour := app.Database{
		Roles: "off", MigrationPatience: time.Second,
		ConnectTimeout: time.Second, AcquireTimeout: 2 * time.Second, StatementTimeout: 3 * time.Second, LockTimeout: 4 * time.Second, IdleTimeout: 5 * time.Second,
	}
	own := behaviour
	own.Host, own.User, own.Name, own.SSLMode, own.SSLRootCert = "db.example.com", "owner", "product", "verify-full", "rds.pem"
	own.Password, own.PasswordOld, own.GateSecret = domain.NewSecret("a"), domain.NewSecret("b"), domain.NewSecret("c")
	p := &pool{server: &embeddedpg.Server{Host: "/socket", Port: 5432, User: "partywall", Dir: "/tmp/x/postgres"}}
	want := behaviour
	want.Host, want.Port, want.User, want.Name, want.SSLMode = "/socket", 5432, "partywall", "partywall_1", "disable"
	if got := p.onServer(app.Config{Database: own}, "partywall_1").Database; got != want {
		t.Errorf("got %+v", got)
	}
}
