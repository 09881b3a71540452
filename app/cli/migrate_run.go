package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

func migrateCommand() command {
	return command{
		name:    "migrate",
		summary: "run the migrations, and show how far the tenants' are",
		below:   []command{migrateUpCommand(), migrateRetryCommand(), migratePlanCommand(), migrateStatusCommand()},
	}
}

func migrateUpCommand() command {
	return command{
		name:    "up",
		summary: "run the migrations that are new, in shared and in the tenants",
		details: "The database must be set up. setup runs the migrations of all tenants, too; migrate up can begin with some of them,\n" +
			"so run it first. It makes a tenant for trial and undoes it before it changes anything.\n\n" +
			"A tenant that fails stops no other, and is answered 503 until it is brought up to date. A tenant whose tables are in\n" +
			"use is tried again after the others. The command exits 1 if a tenant stays behind. It may be interrupted and repeated,\n" +
			"and several may run at once: they share the work.",
		flags: append(migrateFlags(),
			stringFlag("canary", "the `SHARE` of the tenants that are behind to begin with, such as 5%; the command ends after them, and the next one goes on")),
		run: func(ctx context.Context, c console, cmd invocation) error {
			share, err := parseShare(cmd.String("canary"))
			if err != nil {
				return misuse(cmd, "--canary is a share of the tenants, such as 5%%")
			}
			return migrate(ctx, c, cmd, app.MigrateOptions{Canary: share})
		},
	}
}

func migrateRetryCommand() command {
	return command{
		name:    "retry",
		summary: "run the migrations in the tenants in which one failed",
		details: "It is migrate up for these tenants alone, once the cause that migrate status shows is removed.",
		flags:   migrateFlags(),
		run: func(ctx context.Context, c console, cmd invocation) error {
			return migrate(ctx, c, cmd, app.MigrateOptions{Failed: true})
		},
	}
}

func migrateFlags() []option {
	return []option{
		workersFlag(),
		durationFlag("lock-timeout", app.DefaultMigrateOptions().LockTimeout, "how long a migration waits for a lock, and holds up a tenant's traffic at most"),
		patienceFlag(),
		stringFlag("on-error", "`stop` begins no other tenant once one has failed; without it, all others are migrated"),
		jsonFlag(),
	}
}

// patienceFlag and workersFlag add flags that setup has, too.
func patienceFlag() option {
	return durationFlag("patience", app.DefaultConfig().Database.MigrationPatience, "how long to try again what waits for the locks of other sessions, such as 30s or 10m")
}

func workersFlag() option {
	return intFlag("workers", app.DefaultMigrateOptions().Workers, "how many tenants are migrated at a time, each on a connection of its own")
}

// parseShare reads a percentage, such as 5% or 0.5%; "" is 0, which means all.
func parseShare(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err == nil && !(percent > 0 && percent <= 100 && strings.HasSuffix(text, "%")) {
		err = strconv.ErrRange
	}
	return percent / 100, err
}

// migrate runs the migrations with the options of the flags.
func migrate(ctx context.Context, c console, cmd invocation, options app.MigrateOptions) error {
	options.Workers, options.LockTimeout, options.Patience = cmd.Int("workers"), cmd.Duration("lock-timeout"), cmd.Duration("patience")
	onError := cmd.String("on-error")
	switch {
	case options.Workers < 1:
		return misuse(cmd, "--workers is a number of at least 1")
	case options.LockTimeout < time.Millisecond || options.Patience < time.Millisecond:
		return misuse(cmd, "--lock-timeout and --patience are times of at least 1ms, such as 100ms or 30s")
	case onError != "" && onError != "stop" && onError != "continue":
		return misuse(cmd, "--on-error is stop or continue")
	}
	options.StopOnError = onError == "stop"
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	bar := c.newBar(cmd)
	if bar != nil {
		options.Every, options.Progress = barEvery, bar.draw
	}
	done, err := app.Migrate(ctx, cfg, options, c.reporter(cmd, bar))
	bar.clear()
	if err == nil || done.Behind > 0 || domain.CodeOf(err) == app.CodeSetupIncomplete { // otherwise no tenant was looked at
		if printed := c.printMigrated(cmd, done, options); err == nil {
			err = printed
		}
	}
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	return nil
}

type migratedObject struct {
	Tenants  int            `json:"tenants"`
	Behind   int            `json:"behind"` // when the run began
	Brought  int            `json:"brought"`
	Failures []failedObject `json:"failures"`
}

type failedObject struct {
	Reason  string   `json:"reason"`
	Tenants []string `json:"tenants"`
}

// printMigrated prints what is left after a run: its failures are printed before.
func (c console) printMigrated(cmd invocation, done app.MigrationReport, options app.MigrateOptions) error {
	object := migratedObject{done.Tenants, done.Behind, done.Brought, []failedObject{}}
	for _, group := range done.Groups() {
		failed := failedObject{Reason: group.Reason}
		for _, id := range group.Tenants {
			failed.Tenants = append(failed.Tenants, id.String())
		}
		object.Failures = append(object.Failures, failed)
	}
	left := done.Behind - done.Brought - len(done.Failures)
	switch {
	case cmd.Bool("json") || done.Behind == 0:
		return c.result(cmd, object, "no tenant is behind")
	case left > 0 && options.StopOnError && len(done.Failures) > 0:
		return c.result(cmd, object, "stopped after a failure; %s not tried", plural(left, "tenant"))
	case left > 0 && options.Canary > 0:
		return c.result(cmd, object, "%s left: look at those that are done, then run %s migrate up, which goes on", plural(left, "tenant"), c.program.Name)
	}
	return nil
}

func migratePlanCommand() command {
	return command{
		name:    "plan",
		summary: "show which migrations would run where",
		details: "It changes nothing. It exits 1 if migrate up would refuse the files, such as for one that was changed after it ran.",
		flags:   []option{jsonFlag()},
		run:     migratePlan,
	}
}

type plannedObject struct {
	Files   []string `json:"files"`
	Shared  bool     `json:"shared"`  // they run once, in the schema shared
	Tenants int      `json:"tenants"` // how many lack them
	First   []string `json:"first,omitempty"`
}

func migratePlan(ctx context.Context, c console, cmd invocation) error {
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	plan, err := app.PlanMigrations(ctx, cfg)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	if len(plan.Shared) == 0 && len(plan.Steps) == 0 {
		if cmd.Bool("json") {
			return nil
		}
		c.printf("nothing to run; %s\n", plural(plan.Tenants, "tenant"))
		return nil
	}
	table := c.table(cmd, "WHERE", "FILES", "FOR EXAMPLE")
	if len(plan.Shared) > 0 {
		table.row(plannedObject{Files: plan.Shared, Shared: true}, "shared", strings.Join(plan.Shared, " "), "")
	}
	for _, step := range plan.Steps {
		object := plannedObject{Files: step.Files, Tenants: step.Tenants}
		for _, id := range step.First {
			object.First = append(object.First, id.String())
		}
		table.row(object, plural(step.Tenants, "tenant"), strings.Join(step.Files, " "), strings.Join(object.First, " "))
	}
	return table.flush()
}
