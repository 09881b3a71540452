package fleet_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

var killRounds = flag.Int("kill.rounds", 10, "how many runners are killed, beside twice as many tenants")

// runnerConfig is the variable by which a process of the test binary becomes a runner.
const runnerConfig = "PARTYWALL_TEST_RUNNER"

// interrupted are the files of runs that do not end.
var interrupted = []string{slowly, "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY by_text ON notes (text);", slowly}

func runAsProcess(config string) (code int) {
	cfg := pgtest.FromProcess(config)
	pgtest.WithFiles(append([]string{tableOfNotes}, interrupted...)...)(&cfg)
	cfg = domain.Must(cfg.WithDefaults())
	if _, err := fleet.Run(context.Background(), cfg, domain.Must(schema.LoadSets(cfg)).Tenant, fleet.Options{Workers: 3}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestARunnerThatIsKilled kills runners with SIGKILL. The server goes on with the
// statements that it has, and the next runner takes over.
func TestARunnerThatIsKilled(t *testing.T) {
	t.Parallel()
	in := behind(t, 2**killRounds, interrupted...)
	config := pgtest.ForProcess(in.cfg)
	killed := 0
	for range *killRounds {
		runner := exec.CommandContext(t.Context(), os.Args[0])
		var output bytes.Buffer
		runner.Env, runner.Stderr = append(os.Environ(), runnerConfig+"="+config), &output
		if err := runner.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50*time.Millisecond + rand.N(200*time.Millisecond))
		_ = runner.Process.Kill()
		_ = runner.Wait() // the state says how it ended
		switch code := runner.ProcessState.ExitCode(); code {
		case 0:
		case -1:
			killed++
		default:
			t.Errorf("a runner ended with the code %d: %s", code, &output)
		}
	}
	t.Logf("%d of %d runners were killed before they had ended", killed, *killRounds)
	if killed == 0 {
		t.Error("no runner was killed")
	}
	if report := in.run(t, fleet.Options{}); len(report.Failures) > 0 {
		t.Errorf("got %+v", report)
	}
	in.mustBeWhole(t)
}

// mustBeWhole fails unless each tenant has the interrupted files once.
func (in installation) mustBeWhole(t *testing.T) {
	t.Helper()
	for _, id := range in.ids {
		if n := pgtest.Query[int](t, in.db, `SELECT count(*) FROM "tenant_`+id.String()+`".notes`); n != 2 {
			t.Errorf("%s has %d notes", id, n)
		}
		if got := pgtest.Query[string](t, in.db, indexes, id.String()); got != "by_text" {
			t.Errorf("%s has the indexes %s", id, got)
		}
	}
	if n := in.applied(t, 4); n != len(in.ids) {
		t.Errorf("%d tenants are at the newest version", n)
	}
	if n := pgtest.Query[int](t, in.db, begun); n != 0 {
		t.Errorf("%d files have begun", n)
	}
}
