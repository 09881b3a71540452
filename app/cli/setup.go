package cli

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/app"
)

func setupCommand() command {
	return command{
		name:    "setup",
		summary: "make or upgrade the database, its schemas and roles; may be repeated",
		details: "Run it before the first start on a database of your own, after an upgrade, and after a change of\n" +
			"DB_PASSWORD or DB_GATE_SECRET. A private database needs no setup, because serve does it.\n\n" +
			"It makes a tenant for trial first, and undoes it, so that a migration that fails is found before any tenant has\n" +
			"it. A tenant that fails stops no other: setup names it and the file, goes on, and exits 1. Meanwhile that tenant\n" +
			"is answered 503, and all others are served. The next setup goes on from there.",
		flags: []option{
			workersFlag(),
			patienceFlag(),
			boolFlag("new-installation", "for a copy of an installation's database on the same server: give it a name, logins, roles and grants of its own, and leave the original alone"),
			jsonFlag(),
		},
		run: setup,
	}
}

type progressObject struct {
	Progress string `json:"progress"`
}

func setup(ctx context.Context, c console, cmd invocation) error {
	workers, patience := cmd.Int("workers"), cmd.Duration("patience")
	switch {
	case workers < 1:
		return misuse(cmd, "--workers is a number of at least 1")
	case patience < time.Millisecond:
		return misuse(cmd, "--patience is a time of at least 1ms, such as 30s")
	}
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	cfg.Database.MigrationPatience = patience
	run := app.Setup
	if cmd.Bool("new-installation") {
		run = app.SetupCopy
	}
	options, bar := []app.SetupOption{app.SetupWorkers(workers)}, c.newBar(cmd)
	if bar != nil {
		options = append(options, app.OnSetupProgress(barEvery, bar.draw))
	}
	defer bar.clear()
	report := c.reporter(cmd, bar)
	if err := run(ctx, cfg, report, options...); err != nil {
		return aboutDataDir(cfg, err)
	}
	report("all is set up")
	return nil
}
