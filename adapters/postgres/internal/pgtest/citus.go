package pgtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
)

// OnCitus has the tests run on the coordinator of a Citus cluster, whose extension must
// be installed beside the server.
var OnCitus = flag.Bool("citus", false, "run on a Citus cluster: a coordinator and two workers")

// cluster is the one that the tests of a package share.
var cluster Cluster

// Cluster is a coordinator and its workers, in the order of their start.
type Cluster struct {
	nodes []*embeddedpg.Server

	mu sync.Mutex // one database is prepared at a time
}

// citusSettings are those that a node needs. The workers are reached without TLS,
// since all of them are on this machine.
var citusSettings = []string{
	"shared_preload_libraries=citus", "wal_level=logical", "max_wal_senders=10", "max_replication_slots=20", "max_prepared_transactions=200",
	"max_worker_processes=32", "citus.node_conninfo=sslmode=prefer", "citus.enable_statistics_collection=off", "citus.use_secondary_nodes=never",
}

// Start starts the cluster and returns its coordinator.
func (c *Cluster) Start(ctx context.Context) (*embeddedpg.Server, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for range 3 {
		node, err := embeddedpg.StartTemporary(ctx, embeddedpg.Temporary{Settings: citusSettings})
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.nodes = append(c.nodes, node)
	}
	for i, node := range c.nodes {
		users := "all"
		if i == 0 {
			users = "postgres" // the others come from outside of the cluster
		}
		if err := admit(ctx, node, users); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c.nodes[0], nil
}

// Close ends the workers. The coordinator ends as the shared server.
func (c *Cluster) Close() error {
	var errs []error
	for _, node := range c.nodes[min(1, len(c.nodes)):] {
		errs = append(errs, node.Close())
	}
	return errors.Join(errs...)
}

// admit has a node let users in without a password.
func admit(ctx context.Context, node *embeddedpg.Server, users string) error {
	path := filepath.Join(node.Dir, "pg_hba.conf")
	rules, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rules = append([]byte("host all "+users+" 127.0.0.1/32 trust\n"), rules...)
	if err := os.WriteFile(path, rules, 0o600); err != nil {
		return err
	}
	cfg := postgres.Config{Host: node.Host, Port: node.Port, Database: "postgres"}
	db := connect(cfg, "postgres", node.SuperuserPassword)
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, `SELECT pg_reload_conf()`); err != nil {
		return err
	}
	return awaitAdmission(ctx, cfg)
}

// RefuseTenants has the workers refuse all but their superuser and Config.User, until admit
// is called.
func RefuseTenants(t *testing.T) (admit func()) {
	t.Helper()
	const all, few = "host all all 127.0.0.1/32 trust\n", "host all postgres,partywall 127.0.0.1/32 trust\n"
	cluster.replaceRule(t, all, few, pqerror.InvalidPassword)
	return func() {
		t.Helper()
		cluster.replaceRule(t, few, all, pqerror.InvalidAuthorizationSpecification) // the role doesn't exist
	}
}

// replaceRule changes pg_hba.conf of the workers, and waits until each answers a stranger
// with the code.
func (c *Cluster) replaceRule(t *testing.T, before, after string, want pqerror.Code) {
	t.Helper()
	for _, node := range c.nodes[1:] {
		path := filepath.Join(node.Dir, "pg_hba.conf")
		rules, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(rules, []byte(before), []byte(after), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := postgres.Config{Host: node.Host, Port: node.Port, Database: "postgres"}
		Execute(t, Login(t, cfg, "postgres", node.SuperuserPassword), `SELECT pg_reload_conf()`)
		stranger := Login(t, cfg, "stranger", domain.NewSecret("none"))
		for pq.As(stranger.PingContext(t.Context()), want) == nil {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// awaitAdmission waits until the server has read that it lets the superuser in.
func awaitAdmission(ctx context.Context, cfg postgres.Config) error {
	db := connect(cfg, "postgres", domain.Secret{})
	defer func() { _ = db.Close() }()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// prepare makes a database on all nodes, as the operator of a cluster does before setup.
func (c *Cluster) prepare(t testing.TB, database string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, node := range c.nodes {
		cfg := postgres.Config{Host: node.Host, Port: node.Port, Database: "postgres"}
		Execute(t, Login(t, cfg, "postgres", node.SuperuserPassword), `CREATE DATABASE `+database+` OWNER `+node.User+` TEMPLATE template0`)
		cfg.Database = database
		super := Login(t, cfg, "postgres", node.SuperuserPassword)
		Execute(t, super, `CREATE EXTENSION citus`)
		Execute(t, super, `REVOKE TEMP, CREATE ON DATABASE `+database+` FROM PUBLIC`)
		if node != c.nodes[0] {
			t.Cleanup(func() { dropOn(t, node, database) })
		}
	}
	first := c.nodes[0]
	super := Login(t, postgres.Config{Host: first.Host, Port: first.Port, Database: database}, "postgres", first.SuperuserPassword)
	Execute(t, super, fmt.Sprintf(`SELECT citus_set_coordinator_host('%s', %d)`, first.Host, first.Port))
	for _, node := range c.nodes[1:] {
		Execute(t, super, fmt.Sprintf(`SELECT citus_add_node('%s', %d)`, node.Host, node.Port))
	}
	Execute(t, super, `ALTER DATABASE `+database+` OWNER TO `+first.User) // Citus makes the user on the nodes
}

// dropOn removes a database of a worker.
func dropOn(t testing.TB, node *embeddedpg.Server, database string) {
	t.Helper()
	db := connect(postgres.Config{Host: node.Host, Port: node.Port, Database: "postgres"}, "postgres", node.SuperuserPassword)
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), `DROP DATABASE IF EXISTS `+database+` WITH (FORCE)`); err != nil {
		t.Error(err)
	}
}
