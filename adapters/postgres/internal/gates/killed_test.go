package gates_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// moverConfig is the variable by which a process of the test binary becomes a mover.
const moverConfig = "PARTYWALL_TEST_MOVER"

func moveAsProcess(config string) (code int) {
	cfg := pgtest.FromProcess(config)
	for n := 0; ; n = 1 - n {
		if _, err := postgres.MoveTenants(context.Background(), cfg, postgres.MoveOptions{All: true, To: n}, discard); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
}

// TestAMoverThatIsKilled kills movers with SIGKILL. Each tenant is served all the while,
// and the next move takes back what is left to the former gates.
func TestAMoverThatIsKilled(t *testing.T) {
	t.Parallel()
	in := install(t, 10)
	in.set(t, 2)
	config := pgtest.ForProcess(in.cfg)
	for range 5 {
		mover := exec.CommandContext(t.Context(), os.Args[0])
		var output bytes.Buffer
		mover.Env, mover.Stderr = append(os.Environ(), moverConfig+"="+config), &output
		if err := mover.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50*time.Millisecond + rand.N(500*time.Millisecond))
		_ = mover.Process.Kill()
		_ = mover.Wait() // the state says how it ended
		if code := mover.ProcessState.ExitCode(); code != -1 {
			t.Errorf("the mover ended by itself with the code %d: %s", code, &output)
		}
		in.mustServeAll(t, in.db)
	}
	in.move(t, postgres.MoveOptions{Even: true})
	if got := in.tenantsOf(t); got != "0:5 1:5" || in.stray(t) != "" {
		t.Errorf("%s, %s", got, in.stray(t))
	}
	in.mustServeAll(t, in.db)
}

// TestWhatAMoveLeftIsTakenBack leaves a role to two gates, as a kill between the move and
// its end does.
func TestWhatAMoveLeftIsTakenBack(t *testing.T) {
	t.Parallel()
	in := install(t, 2)
	in.set(t, 2)
	inst := pgtest.Query[string](t, in.super, `SELECT inst FROM partywall.installation`)
	owner := pgtest.Login(t, in.cfg, in.cfg.User, in.cfg.Password)
	owner.SetMaxOpenConns(1)
	pgtest.Execute(t, owner, `SET ROLE pw_`+inst+`_maker_0; GRANT pw_`+inst+`_t_t00 TO pw_`+inst+`_gate_1; RESET ROLE`)
	if status, err := postgres.ReadGates(t.Context(), in.cfg); err != nil || status.Leftovers != 1 {
		t.Errorf("%+v, %v", status, err)
	}
	if in.stray(t) == "" {
		t.Error("nothing is left")
	}
	in.move(t, postgres.MoveOptions{Tenants: in.ids[1:], To: 0})
	if got := in.stray(t); got != "" {
		t.Errorf("left: %s", got)
	}
	in.mustServeAll(t, in.db)
}

func contains(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
