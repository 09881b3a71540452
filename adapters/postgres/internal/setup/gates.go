package setup

import (
	"context"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// MaxGates is the most gates that an installation has. Each needs a connection of each
// program.
const MaxGates = 1000

// SetGates makes the installation of cfg have count gates. It moves no tenant: those that
// it refuses to take a gate from are moved first.
func SetGates(ctx context.Context, cfg pg.Config, count int, report func(line string)) error {
	if count < 1 || count > MaxGates {
		return domain.Invalidf("gates", "there are 1 to %d gates", MaxGates)
	}
	s := &setup{report: report}
	if err := s.begin(cfg); err != nil {
		return err
	}
	defer func() { _ = s.pool.Close() }()
	in, err := inspection.Inspect(ctx, s.pool, s.cfg, s.sets)
	if err != nil {
		return err
	}
	s.in = in
	if count < in.Gates {
		return s.steps(ctx, s.patiently(func(ctx context.Context) error { return s.removeGates(ctx, count) }))
	}
	return s.steps(ctx,
		s.patiently(func(ctx context.Context) error { return s.makeGates(ctx, count) }),
		func(ctx context.Context) error { return s.tryGates(ctx, in.Gates, count) },
		s.patiently(func(ctx context.Context) error { return s.publishGates(ctx, count) }))
}

// makeGates makes the logins of the first count gates, which nothing uses yet.
func (s *setup) makeGates(ctx context.Context, count int) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if count > 1 {
			if err := inspection.RefuseOneGatePrograms(ctx, tx, s.cfg, s.in); err != nil {
				return err
			}
		}
		for n := 0; s.in.Roles && n < count; n++ {
			if err := s.ensureGate(ctx, tx, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// tryGates logs in as each new gate does, which a pooler may not let through.
func (s *setup) tryGates(ctx context.Context, from, count int) error {
	for n := from; s.in.Roles && n < count; n++ {
		login := s.in.GateRole(n)
		conn, err := pg.NewConnector(s.cfg, login).Connect(ctx)
		if err == nil {
			err = conn.Close()
		}
		if err == nil {
			continue
		}
		if pooled, _ := inspection.BehindPooler(ctx, s.cfg); pooled && pg.LoginRefused(err) {
			return pg.Refusal(pg.CodeLoginRefused, err, "the pooler at %s does not let the new login %q in: give it the names %s and their passwords, by auth_query or in its auth_file, then set %d gates again; no tenant was moved",
				s.cfg.Address(), login, strings.Join(quoted(s.in, from, count), ", "), count)
		}
		return pg.LoginError(ctx, s.cfg, login, err)
	}
	return nil
}

func quoted(in installation.Installation, from, count int) (names []string) {
	for n := from; n < count; n++ {
		names = append(names, pq.QuoteIdentifier(in.GateRole(n)))
	}
	return names
}

// publishGates lets tenants be made in and moved to the gates, if all logins are still
// there: another SetGates may have come between.
func (s *setup) publishGates(ctx context.Context, count int) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		now, err := installation.Read(ctx, tx)
		if err != nil {
			return err
		}
		logins, err := s.gateLogins(ctx, tx, 0)
		if err != nil {
			return err
		}
		for n := 0; s.in.Roles && n < count; n++ {
			if _, made := logins[n]; !made {
				return errOtherGates(now.Gates)
			}
		}
		switch {
		case now.Gates > count:
			return errOtherGates(now.Gates)
		case now.Gates == count:
			s.did("the number of gates is %d", count)
			return nil
		}
		s.did("the number of gates is %d now; it was %d", count, now.Gates)
		_, err = tx.ExecContext(ctx, `UPDATE partywall.installation SET gates = $1`, count)
		return err
	})
}

func errOtherGates(now int) error {
	return domain.Errorf(domain.Conflict, "another operator has set the number of gates meanwhile: it is %d now", now)
}

// removeGates removes the gates from count on, if they have no tenants. It waits for the
// creations and moves that have chosen one of them.
func (s *setup) removeGates(ctx context.Context, count int) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, installation.GatesLock); err != nil {
			return err
		}
		var left int
		if err := tx.GetContext(ctx, &left, `SELECT count(*) FROM partywall.tenants WHERE gate >= $1`, count); err != nil {
			return err
		}
		if left > 0 {
			return domain.Errorf(domain.Conflict, "%d tenants are served by the gates from %d on: %s first", left, count, s.cfg.MoveToFewer(count))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE partywall.installation SET gates = $1`, count); err != nil {
			return err
		}
		logins, err := s.gateLogins(ctx, tx, count)
		if err != nil {
			return err
		}
		for _, login := range logins {
			if err := s.dropGate(ctx, tx, login); err != nil {
				return err
			}
		}
		s.did("the number of gates is %d now", count)
		return nil
	})
}

func (s *setup) dropGate(ctx context.Context, tx *sqlx.Tx, login string) error {
	_, err := tx.ExecContext(ctx, pg.Fill(`
		REVOKE ALL ON SCHEMA partywall FROM {gate};
		REVOKE ALL ON partywall.tenants FROM {gate};
		REVOKE ALL ON DATABASE {database} FROM {gate};
		DROP ROLE {gate}`, map[string]string{"gate": login, "database": s.cfg.Database}))
	if err == nil {
		s.did("dropped the login %s", login)
	}
	return err
}

// gateLogins returns the names of the gates' logins from number from on.
func (s *setup) gateLogins(ctx context.Context, tx *sqlx.Tx, from int) (map[int]string, error) {
	var names []string
	if err := tx.SelectContext(ctx, &names, `SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`, s.in.GatePrefix()); err != nil {
		return nil, err
	}
	logins := make(map[int]string)
	for _, name := range names {
		n, err := strconv.Atoi(strings.TrimPrefix(name, s.in.GatePrefix()))
		if err != nil {
			return nil, pg.Refusal(pg.CodeRightsLacking, nil, "the role %q has the name of a gate's login", name)
		}
		if n >= from {
			logins[n] = name
		}
	}
	return logins, nil
}
