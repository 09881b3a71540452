package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

func gatesCommand() command {
	return command{
		name:    "gates",
		summary: "split the connections that serve tenants over several logins",
		below:   []command{gatesSetCommand(), gatesMoveCommand(), gatesStatusCommand()},
	}
}

func gatesSetCommand() command {
	return command{
		name:    "set",
		args:    "N",
		summary: "set the number of gates to N",
		details: "It makes the logins of new gates, and logs in as each before anything uses it. Programs that serve need no restart.\n" +
			"New tenants get the gate with the fewest; gates move moves those that there are. A gate that has tenants is kept.\n" +
			"While a program of an earlier release is connected, more than one is refused, because it enters tenants by one gate.",
		flags: []option{jsonFlag()},
		run:   gatesSet,
	}
}

func gatesSet(ctx context.Context, c console, cmd invocation) error {
	count, err := strconv.Atoi(cmd.arg(0))
	if err != nil || count < 1 {
		return misuse(cmd, "N is a number of at least 1, not %q", cmd.arg(0))
	}
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	report := c.reporter(cmd, nil)
	if err := app.SetGates(ctx, cfg, count, report); err != nil {
		return aboutDataDir(cfg, err)
	}
	return nil
}

func gatesMoveCommand() command {
	return command{
		name:    "move",
		summary: "move tenants to other gates while they are served",
		details: "--even spreads all tenants with as few moves as that takes. --to moves the tenants that are named, or all.\n" +
			"The command may be interrupted and repeated: each tenant is served at any time. It exits 1 if a tenant was not moved.",
		flags: []option{
			boolFlag("even", "spread the tenants evenly over the gates"),
			intFlag("gates", 0, "with --even, over how many of the gates, the first ones; without it, over all"),
			stringFlag("to", "the `NUMBER` of the gate to move to"),
			stringsFlag("tenant", "with --to, the `ID` of a tenant; may be repeated"),
			boolFlag("all", "with --to, move all tenants"),
			boolFlag("dry-run", "show what would move, and move nothing"),
			jsonFlag(),
		},
		run: gatesMove,
	}
}

// moveOptions reads the flags of gates move.
func moveOptions(cmd invocation) (options app.MoveOptions, err error) {
	options.Even, options.Gates, options.DryRun = cmd.Bool("even"), cmd.Int("gates"), cmd.Bool("dry-run")
	named, all, to := cmd.Strings("tenant"), cmd.Bool("all"), cmd.String("to")
	options.All = all
	switch {
	case options.Even && (to != "" || all || len(named) > 0):
		return options, misuse(cmd, "--even chooses the tenants and their gates itself: leave --to, --tenant and --all out")
	case cmd.Flags().Changed("gates") && (options.Gates < 1 || !options.Even):
		return options, misuse(cmd, "--gates is a number of gates, at least 1, and goes with --even")
	case options.Even:
		return options, nil
	case to == "" || all == (len(named) > 0):
		return options, misuse(cmd, "--even, or --to with either --tenant or --all is needed")
	}
	if options.To, err = strconv.Atoi(to); err != nil || options.To < 0 {
		return options, misuse(cmd, "--to is the number of a gate, from 0 on, not %q", to)
	}
	for _, name := range named {
		id, err := domain.ParseTenantID(name)
		if err != nil {
			return options, misuse(cmd, "--tenant: %s", err)
		}
		options.Tenants = append(options.Tenants, id)
	}
	return options, nil
}

type movedObject struct {
	Planned  int            `json:"planned"`
	Moved    int            `json:"moved"`
	Failures []failedObject `json:"failures"`
}

type moveObject struct {
	TenantID string `json:"tenantId"`
	From     int    `json:"from"`
	To       int    `json:"to"`
}

func gatesMove(ctx context.Context, c console, cmd invocation) error {
	options, err := moveOptions(cmd)
	if err != nil {
		return err
	}
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	report := c.reporter(cmd, nil)
	done, err := app.MoveTenants(ctx, cfg, options, report)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	if options.DryRun {
		return c.printMoves(cmd, done)
	}
	object := movedObject{len(done.Moves), done.Moved, []failedObject{}}
	for _, f := range done.Failures {
		object.Failures = append(object.Failures, failedObject{f.Reason, []string{f.Tenant.String()}})
	}
	if err := c.result(cmd, object, "moved %d of %s", done.Moved, plural(len(done.Moves), "tenant")); err != nil {
		return err
	}
	if len(done.Failures) > 0 {
		return fmt.Errorf("%s not moved: remove the cause that is shown, then run the same command again", plural(len(done.Failures), "tenant"))
	}
	return nil
}

func (c console) printMoves(cmd invocation, done app.MoveReport) error {
	if len(done.Moves) == 0 && !cmd.Bool("json") {
		return c.result(cmd, nil, "nothing to move")
	}
	table := c.table(cmd, "ID", "FROM", "TO")
	for _, m := range done.Moves {
		table.row(moveObject{m.Tenant.String(), m.From, m.To}, m.Tenant.String(), strconv.Itoa(m.From), strconv.Itoa(m.To))
	}
	return table.flush()
}

func gatesStatusCommand() command {
	return command{
		name:    "status",
		summary: "show what each gate serves, and whether more gates are due",
		details: "It logs in as each gate. ENTER is how long a new connection takes to become the role of one of its tenants.",
		flags:   []option{jsonFlag()},
		run:     gatesStatus,
	}
}

type gateObject struct {
	Gate        int     `json:"gate"`
	Login       string  `json:"login"`
	Tenants     int     `json:"tenants"`
	Connections int     `json:"connections"`
	EnterMillis float64 `json:"enterMillis,omitempty"`
	Locked      string  `json:"locked,omitempty"`
}

func gatesStatus(ctx context.Context, c console, cmd invocation) error {
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	status, err := app.Gates(ctx, cfg)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	table := c.table(cmd, "GATE", "LOGIN", "TENANTS", "CONNECTIONS", "ENTER")
	locked := 0
	for _, g := range status.Gates {
		enter := ""
		switch {
		case g.Locked != "":
			enter = g.Locked
			locked++
		case g.Entry > 0:
			enter = g.Entry.Round(10 * time.Microsecond).String()
		}
		object := gateObject{g.Number, g.Login, g.Tenants, g.Connections, float64(g.Entry) / float64(time.Millisecond), g.Locked}
		table.row(object, strconv.Itoa(g.Number), g.Login, strconv.Itoa(g.Tenants), strconv.Itoa(g.Connections), enter)
	}
	if err := table.flush(); err != nil {
		return err
	}
	if locked > 0 {
		return fmt.Errorf("%s locked out: their tenants get 503", plural(locked, "gate"))
	}
	if !cmd.Bool("json") {
		c.printf("%s\n", strings.Join(c.gatesAdvice(status), "\n"))
	}
	return nil
}

// gatesAdvice says what the operator does next.
func (c console) gatesAdvice(status app.GatesStatus) (advice []string) {
	if due := status.Due(); due > len(status.Gates) {
		advice = append(advice, fmt.Sprintf("%s due for %s: run %s gates set %d, then %[3]s gates move --even", pluralOf(due, "gate is", "gates are"), plural(status.Tenants(), "tenant"), c.program.Name, due))
	}
	if status.Leftovers > 0 {
		advice = append(advice, fmt.Sprintf("an interrupted move has left the roles of %s to their former gates: run %s gates move --even", plural(status.Leftovers, "tenant"), c.program.Name))
	}
	if what, fix := status.Short(); what != "" {
		advice = append(advice, what+": "+fix)
	}
	if len(advice) == 0 {
		advice = append(advice, fmt.Sprintf("%s enough for %s", pluralOf(len(status.Gates), "gate is", "gates are"), plural(status.Tenants(), "tenant")))
	}
	return advice
}
