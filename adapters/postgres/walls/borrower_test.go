package walls_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

var wallRounds = flag.Int("wall.rounds", 60, "how many scopes TestWallBorrower ends by a panic, by a timeout and by a cancel, each in each installation")

// TestWallBorrower ends scopes at every point that they have, while the
// neighbour's go on over the same one or two connections.
func TestWallBorrower(t *testing.T) {
	t.Parallel()
	servers := pgtest.BothServers(t)
	for _, kind := range installations {
		for size, limit := range map[string]int{"one connection": 3, "two connections": 5} {
			t.Run(kind.name+", "+size, func(t *testing.T) {
				t.Parallel()
				h := newTapped(t, servers[kind.newest], kind, limit)
				for i := range len(endings) * *wallRounds / 2 {
					by := endings[i%len(endings)]
					h.round(t, by, points[by][i/len(endings)%len(points[by])], i)
					if t.Failed() {
						return
					}
				}
				h.mustHoldItsOwn(t)
			})
		}
	}
}

// round ends one tenant's scope at a point, while the other tenant's scope runs on.
// Then the next borrower must find nothing.
func (h *tapped) round(t *testing.T, by ending, at point, i int) {
	tenants := [2]domain.TenantID{h.acme, h.rival}
	struck, neighbour := tenants[i%2], tenants[(i+1)%2]
	s := &strike{tapped: h, by: by, at: at, id: struck, text: fmt.Sprintf("%s's %d", struck, i)}
	went := make(chan error, 1)
	go func() { went <- h.visit(t.Context(), neighbour) }()
	err := s.run(t.Context())
	if err != nil && !errors.Is(err, s.want()) {
		t.Errorf("round %d, %s, struck %s: %v: %v", i, by, at, err, errors.Unwrap(err))
	}
	if err := <-went; err != nil {
		t.Errorf("round %d, %s, struck %s: the neighbour gets %v: %v", i, by, at, err, errors.Unwrap(err))
	}
	if found := h.leftovers(t); found != "" {
		t.Errorf("round %d, %s, struck %s: the next borrower finds %s", i, by, at, found)
	}
	h.kept[s.text] = err == nil
	h.unknown[s.text] = at == duringCommit || at == whileWaiting // a strike that isn't aimed may come as late
}

// ending is how a scope is ended before its time.
type ending string

const (
	panicking  ending = "by a panic"
	timingOut  ending = "by a timeout"
	cancelling ending = "by a cancel"
)

var endings = []ending{panicking, timingOut, cancelling}

// point is where in a scope that happens.
type point string

const (
	whileWaiting      point = "while it waits for a connection"
	duringOpening     point = "during its opening"
	atFirst           point = "before its first statement"
	betweenStatements point = "between two statements"
	whileRowsAreOpen  point = "while it reads rows"
	duringStatement   point = "during a statement"
	duringCommit      point = "during its commit"
	duringRollback    point = "during its rollback"
)

// points are all that an ending can come at: a panic is the function's own. One
// at the rollback is followed by a cancel there.
var points = map[ending][]point{
	panicking:  {atFirst, betweenStatements, whileRowsAreOpen, duringStatement, duringRollback},
	timingOut:  {whileWaiting, duringOpening, atFirst, betweenStatements, whileRowsAreOpen, duringStatement, duringCommit, duringRollback},
	cancelling: {whileWaiting, duringOpening, atFirst, betweenStatements, whileRowsAreOpen, duringStatement, duringCommit, duringRollback},
}

// strike ends one scope.
type strike struct {
	*tapped
	by   ending
	at   point
	id   domain.TenantID
	text string // of the row that it writes

	ctx    context.Context
	cancel context.CancelFunc
}

var errStruck = errors.New("struck")

// want is the error of a scope that was struck in time.
func (s *strike) want() error {
	return map[ending]error{panicking: errStruck, timingOut: context.DeadlineExceeded, cancelling: context.Canceled}[s.by]
}

// run runs the scope until it's struck. A panic of ours comes back as an error.
func (s *strike) run(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	if s.by == timingOut {
		s.ctx, s.cancel = context.WithTimeout(ctx, time.Millisecond+rand.N(2*time.Millisecond))
	} else {
		s.ctx, s.cancel = context.WithCancel(ctx)
	}
	defer s.cancel()
	switch s.at {
	case whileWaiting:
		go s.wire()
	case duringOpening:
		s.tap.Store(&tap{text: "BEGIN; ", whose: "tenant_" + s.id.String(), do: s.wire})
	case duringStatement:
		s.tap.Store(&tap{text: slow, do: func() { go s.wire() }})
	case duringCommit:
		s.tap.Store(&tap{text: "; COMMIT; ", whose: "'" + s.id.String() + "'", do: s.wire})
	case duringRollback:
		s.tap.Store(&tap{text: "ROLLBACK; ", do: s.wire})
	}
	defer s.tap.Store(nil)
	return s.db.InTenant(s.ctx, s.id, s.work)
}

const slow = `SELECT pg_sleep(5)`

// work is the scope's function.
func (s *strike) work(ctx context.Context, tx *sqlx.Tx) error {
	s.here(atFirst)
	if err := pgtest.InsertNote(s.text)(ctx, tx); err != nil {
		return err
	}
	s.here(betweenStatements)
	if err := s.read(ctx, tx); err != nil {
		return err
	}
	if s.at == duringStatement {
		if s.by == panicking {
			_, _ = tx.ExecContext(ctx, `SELECT $1`, bomb{})
		}
		_, err := tx.ExecContext(ctx, slow)
		return err
	}
	if s.by == panicking {
		panic(errStruck)
	}
	if s.at == duringRollback {
		return s.want()
	}
	return nil
}

// read reads many rows, and some of them only if it's struck.
func (s *strike) read(ctx context.Context, tx *sqlx.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT n FROM generate_series(1, 50) n`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		s.here(whileRowsAreOpen)
	}
	return rows.Err()
}

// here strikes, if this is the point.
func (s *strike) here(p point) {
	if s.at != p {
		return
	}
	if s.by == panicking {
		panic(errStruck)
	}
	s.wire()
}

// wire strikes from outside of the function.
func (s *strike) wire() {
	if s.by == timingOut {
		<-s.ctx.Done()
		return
	}
	if s.at == whileWaiting || s.at == duringStatement {
		time.Sleep(rand.N(time.Millisecond))
	}
	s.cancel()
	if rand.IntN(2) == 0 { // else what is on the wire overtakes it
		time.Sleep(rand.N(200 * time.Microsecond))
	}
}

// bomb panics when it becomes an argument.
type bomb struct{}

func (bomb) Value() (driver.Value, error) { panic(errStruck) }

// mustHoldItsOwn fails unless each tenant has the rows whose commit succeeded, none
// whose commit failed, and no row of the other.
func (h *tapped) mustHoldItsOwn(t *testing.T) {
	t.Helper()
	for _, id := range []domain.TenantID{h.acme, h.rival} {
		for _, text := range pgtest.Notes(t, h.db, id) {
			kept, written := h.kept[text]
			switch {
			case !strings.Contains(text, id.String()+"'s"):
				t.Errorf("%s has %q", id, text)
			case written && !kept && !h.unknown[text]:
				t.Errorf("%s has %q, which was undone", id, text)
			}
			delete(h.kept, text)
		}
	}
	for text, kept := range h.kept {
		if kept {
			t.Errorf("%q was kept, and is lost", text)
		}
	}
}
