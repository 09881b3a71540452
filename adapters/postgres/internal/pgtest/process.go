package pgtest

import (
	"encoding/json"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
)

// process is what another process needs to reach a database of a test.
type process struct {
	Host, User, Password, Database string
	Port                           int
}

// ForProcess returns text for a process that a test starts, which [FromProcess] reads.
func ForProcess(cfg postgres.Config) string {
	return string(domain.Must(json.Marshal(process{cfg.Host, cfg.User, cfg.Password.Reveal(), cfg.Database, cfg.Port})))
}

// FromProcess returns the configuration of [ForProcess] without its migrations.
func FromProcess(text string) postgres.Config {
	var p process
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(err)
	}
	return postgres.Config{Host: p.Host, Port: p.Port, User: p.User, Password: domain.NewSecret(p.Password), Database: p.Database, SSLMode: "disable"}
}
