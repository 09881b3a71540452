package inspection

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// TenantsOfGate is how many tenants a gate serves well: entering one of them then costs
// at most some milliseconds more after another one was made.
const TenantsOfGate = 500

// tooManyTenants is from when on a gate has so many tenants that it shows.
const tooManyTenants = TenantsOfGate * 3 / 2

// GatesStatus is what the gates of an installation serve.
type GatesStatus struct {
	Gates       []GateStatus
	Connections int // that serve tenants in each program with this DB_MAX_CONNS
	MaxConns    int // the DB_MAX_CONNS that leaves two connections to each gate
	Leftovers   int // tenants' roles that a gate may become besides the tenant's own
}

// GateStatus is what a gate serves.
type GateStatus struct {
	Number      int
	Login       string
	Tenants     int
	Connections int // that are open now, of all programs

	// Entry is how long it took a new connection to become the role of one of its
	// tenants, or 0 where there is none.
	Entry  time.Duration
	Locked string // why the database does not let the login in; empty: it does
}

// Tenants returns how many there are.
func (s GatesStatus) Tenants() (n int) {
	for _, gate := range s.Gates {
		n += gate.Tenants
	}
	return n
}

// Most returns how many tenants the fullest gate has.
func (s GatesStatus) Most() (n int) {
	for _, gate := range s.Gates {
		n = max(n, gate.Tenants)
	}
	return n
}

// Due returns how many gates the tenants need, at least those that there are.
func (s GatesStatus) Due() int {
	return max(len(s.Gates), (s.Tenants()+TenantsOfGate-1)/TenantsOfGate)
}

// Crowded describes a gate that has too many tenants, with what to do, if there is one.
func (s GatesStatus) Crowded(cfg pg.Config) (what, fix string) {
	if s.Most() <= tooManyTenants {
		return "", ""
	}
	what = fmt.Sprintf("a gate serves %d tenants, and more than %d make it slow", s.Most(), tooManyTenants)
	if s.Due() > len(s.Gates) {
		return what, cfg.SetGates(s.Due()) + ", then " + cfg.MoveEvenly()
	}
	return what, cfg.MoveEvenly()
}

// Short describes too few connections for the gates, with what to do, if it is so.
func (s GatesStatus) Short() (what, fix string) {
	if len(s.Gates) == 1 || s.Connections >= 2*len(s.Gates) {
		return "", ""
	}
	what = fmt.Sprintf("DB_MAX_CONNS leaves %d connections to %d gates, which need 2 each", s.Connections, len(s.Gates))
	return what, fmt.Sprintf("set DB_MAX_CONNS to %d or more", s.MaxConns)
}

// connsOf returns the DB_MAX_CONNS that leaves two connections to each gate.
func connsOf(cfg pg.Config, gates int) int {
	for _, _, conns := cfg.PoolSizes(); conns < 2*gates; _, _, conns = cfg.PoolSizes() {
		cfg.MaxConns++
	}
	return cfg.MaxConns
}

// Left describes the leftovers of an interrupted move and how to remove them. Without
// leftovers both are empty.
func (s GatesStatus) Left(cfg pg.Config) (what, fix string) {
	if s.Leftovers == 0 {
		return "", ""
	}
	what = fmt.Sprintf("an interrupted move has left the roles of %d tenants to gates that no longer serve them", s.Leftovers)
	return what, cfg.MoveEvenly() + ", or repeat the move that was interrupted"
}

// ReadGates reads what the gates of the installation of cfg serve. It logs in as each.
func ReadGates(ctx context.Context, cfg pg.Config) (status GatesStatus, err error) {
	var examples []string
	var of reading
	err = read(ctx, cfg, "read what the gates serve", systemsSetOnly, func(ctx context.Context, r reading) error {
		of, examples = r, make([]string, r.in.Gates)
		if status, err = ReadGatesIn(ctx, r.tx, r.cfg, r.in); err != nil {
			return err
		}
		return readExamples(ctx, r.tx, examples)
	})
	if err != nil {
		return status, err
	}
	for n := range status.Gates {
		status.Gates[n].try(ctx, of.cfg, of.in, examples[n])
	}
	return status, nil
}

// ReadGatesIn is [ReadGates] without logging in.
func ReadGatesIn(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) (status GatesStatus, err error) {
	_, _, status.Connections = cfg.PoolSizes()
	status.MaxConns = connsOf(cfg, in.Gates)
	tenants, err := installation.CountTenants(ctx, tx, in.Gates)
	if err != nil {
		return status, err
	}
	for n := range in.Gates {
		gate := GateStatus{Number: n, Login: in.GateRole(n), Tenants: tenants[n]}
		if !in.Roles {
			gate.Login = cfg.User
		}
		status.Gates = append(status.Gates, gate)
	}
	left, err := ReadLeftovers(ctx, tx, in)
	if err != nil || !in.Roles {
		return status, err
	}
	status.Leftovers = len(left)
	var open []struct {
		Login       string
		Connections int
	}
	err = tx.SelectContext(ctx, &open, `
		SELECT usename AS login, count(*) AS connections FROM pg_stat_activity
		WHERE datname = current_database() AND starts_with(usename, $1) GROUP BY 1`, in.GatePrefix())
	for _, o := range open {
		for n := range status.Gates {
			if status.Gates[n].Login == o.Login {
				status.Gates[n].Connections = o.Connections
			}
		}
	}
	return status, err
}

// readExamples reads a tenant of each gate.
func readExamples(ctx context.Context, tx *sqlx.Tx, examples []string) error {
	var found []struct {
		Gate   int
		Tenant string
	}
	err := tx.SelectContext(ctx, &found, `SELECT gate, min(id) AS tenant FROM partywall.tenants t WHERE `+schema.KeepsData+` AND gate < $1 GROUP BY gate`, len(examples))
	for _, f := range found {
		examples[f.Gate] = f.Tenant
	}
	return err
}

// try logs in as the gate, and becomes the role of its tenant.
func (g *GateStatus) try(ctx context.Context, cfg pg.Config, in installation.Installation, tenant string) {
	db := pg.Connect(cfg, g.Login)
	defer func() { _ = db.Close() }()
	if err := db.PingContext(ctx); err != nil {
		g.Locked = pg.Describe(pg.LoginError(ctx, cfg, g.Login, err))
		return
	}
	id, err := domain.ParseTenantID(tenant)
	if err != nil || !in.Roles {
		return // it has none, or nothing to become
	}
	began := time.Now()
	if _, err := db.ExecContext(ctx, `SELECT set_config('role', $1, true)`, in.TenantRole(id)); err == nil {
		g.Entry = time.Since(began)
	}
}

// Leftover is a membership that an interrupted move of a tenant has left: a gate may
// become the role of a tenant that another one serves.
type Leftover struct{ Tenant, Login string }

// ReadLeftovers returns what interrupted moves have left.
func ReadLeftovers(ctx context.Context, tx *sqlx.Tx, in installation.Installation) (left []Leftover, err error) {
	if !in.Roles {
		return nil, nil
	}
	err = tx.SelectContext(ctx, &left, `
		SELECT DISTINCT t.id AS tenant, g.rolname AS login FROM partywall.tenants t
		JOIN pg_roles r ON r.rolname = $1 || t.id
		JOIN pg_auth_members m ON m.roleid = r.oid JOIN pg_roles g ON g.oid = m.member
		WHERE starts_with(g.rolname, $2) AND g.rolname <> $2 || t.gate ORDER BY 1, 2`, in.TenantPrefix(), in.GatePrefix())
	return left, err
}
