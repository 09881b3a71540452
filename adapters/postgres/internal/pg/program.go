package pg

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// Product is what setup recorded of the program that has migrations or a hook. The
// zero product is none: Partywall's own program set the database up.
type Product struct {
	Program sql.NullString // its name, empty if it has none; null: there is none
	Hook    bool           // whether it has an OnProvision
}

// Product is what the configuration says of the program itself.
func (c Config) Product() Product {
	if c.TenantMigrations == nil && c.SharedMigrations == nil && c.OnProvision == nil {
		return Product{}
	}
	return Product{sql.NullString{String: c.Program, Valid: true}, c.OnProvision != nil}
}

// Belongs reports whether a program with this configuration is the recorded
// product's, or there is none. A product that has dropped all of its migrations and
// its hook is still known by its name.
func (c Config) Belongs(recorded Product) bool {
	return !recorded.Program.Valid || c.Product().Program.Valid || c.Program != "" && c.Program == recorded.Program.String
}

// MayProvision refuses to make a tenant without the recorded product's hook.
func (c Config) MayProvision(recorded Product) error {
	if c.OnProvision != nil || !recorded.Hook {
		return nil
	}
	return c.OtherProgram(recorded)
}

// OtherProgram refuses what the recorded product's program does in this one's place.
func (c Config) OtherProgram(recorded Product) *domain.Error {
	name, run := "a product", "run the product's own program in place of this one"
	if program := recorded.Program.String; program != "" {
		name, run = program, fmt.Sprintf("run `%[1]s` in place of this program, as in `%[1]s setup`, `%[1]s serve` or `%[1]s tenants create`", program)
	}
	return Refusal(CodeOtherProgram, nil, "the database %q was set up by %s, whose migrations or hook (OnProvision) this program lacks: %s", c.Database, name, run)
}

// SetItUp says how an operator of this program brings the database up to date.
func (c Config) SetItUp() string { return c.run("setup", "Setup") }

// MigrateIt says how an operator of this program brings the tenants up to date.
func (c Config) MigrateIt() string { return c.run("migrate up", "Migrate") }

// SetGates says how an operator of this program has so many gates.
func (c Config) SetGates(count int) string {
	return c.run("gates set "+strconv.Itoa(count), "SetGates")
}

// MoveEvenly says how an operator of this program spreads the tenants over all gates.
func (c Config) MoveEvenly() string { return c.run("gates move --even", "MoveTenants") }

// MoveToFewer says how an operator of this program moves the tenants to the first gates.
func (c Config) MoveToFewer(count int) string {
	return c.run("gates move --even --gates "+strconv.Itoa(count), "MoveTenants")
}

// run says how an operator runs a command, or calls the function of package app that
// does the same, where a product has not named its program.
func (c Config) run(command, function string) string {
	switch {
	case c.Program != "":
		return "run `" + c.Program + " " + command + "`"
	case c.Product().Program.Valid:
		return "call app." + function + " with this configuration"
	}
	return "run `partywall " + command + "`"
}

// SetUpCopy says how an operator of this program gives a copy roles of its own.
func (c Config) SetUpCopy() string {
	setUp := c.SetItUp()
	if command, ok := strings.CutSuffix(setUp, "`"); ok {
		return command + " --new-installation`"
	}
	return strings.Replace(setUp, "app.Setup", "app.SetupCopy", 1)
}
