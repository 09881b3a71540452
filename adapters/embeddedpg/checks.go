package embeddedpg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/partywall-go/partywall/ports/doctor"
)

// Checks describes the checks of [RunChecks].
func Checks() []doctor.Info { return doctor.Describe(checks(Config{})) }

// RunChecks checks the server on config's data folder, if one is running. It starts and
// creates nothing.
func RunChecks(ctx context.Context, config Config) []doctor.Finding {
	return doctor.Run(ctx, checks(config))
}

func checks(config Config) []doctor.Check {
	return []doctor.Check{{
		Name:  "private-database",
		About: "the private PostgreSQL, if it is running, accepts connections and has the installed version",
		Run:   config.check,
	}}
}

func (config Config) check(ctx context.Context) (doctor.Finding, error) {
	if _, err := os.Stat(config.DataDir); errors.Is(err, os.ErrNotExist) {
		return doctor.Pass("no private PostgreSQL exists yet"), nil
	}
	c, err := locate(config.DataDir)
	if err != nil {
		return doctor.Finding{}, err
	}
	processes := c.processes()
	if len(processes) == 0 || !processes[0].isPostmaster {
		return doctor.Pass("the private PostgreSQL is not running"), nil
	}
	running, err := c.runningVersion(ctx)
	if err != nil {
		return doctor.Fail(fmt.Sprintf("the private PostgreSQL is running, but accepts no connection: %v", err),
			"restart the program that serves on "+c.home+"; the reason is in its log, "+c.logFile()), nil
	}
	if err := c.findServer(ctx, config.BinDir); err != nil {
		return doctor.Fail(fmt.Sprintf("the private PostgreSQL is %s, but its programs were removed: %v", running, err), "install that version again"), nil
	}
	if installed := versionOf(c.version); installed != running {
		return doctor.Warn(fmt.Sprintf("the private PostgreSQL is %s, but %s is installed: new connections may fail", running, installed),
			"wait some seconds for the program that serves on "+c.home+" to restart it, or restart that program"), nil
	}
	return doctor.Pass("the private PostgreSQL is " + running + ", as installed"), nil
}

// runningVersion asks the running server for its version.
func (c *cluster) runningVersion(ctx context.Context) (version string, err error) {
	known, err := readAccess(c.passFile())
	if err != nil {
		return "", err
	}
	err = known.use(func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SHOW server_version").Scan(&version)
	})
	if err != nil {
		return "", errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	return version, nil
}
