package postgres

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// product is what setup recorded of the program that has migrations or a hook. The
// zero product is none: Partywall's own program set the database up.
type product struct {
	Program sql.NullString // its name, empty if it has none; null: there is none
	Hook    bool           // whether it has an OnProvision
}

// program is what the configuration says of the program itself.
func (c Config) program() product {
	if c.TenantMigrations == nil && c.SharedMigrations == nil && c.OnProvision == nil {
		return product{}
	}
	return product{sql.NullString{String: c.Program, Valid: true}, c.OnProvision != nil}
}

// belongs reports whether a program with this configuration is the recorded
// product's, or there is none. A product that has dropped all of its migrations and
// its hook is still known by its name.
func (c Config) belongs(recorded product) bool {
	return !recorded.Program.Valid || c.program().Program.Valid || c.Program != "" && c.Program == recorded.Program.String
}

// mayProvision refuses to make a tenant without the recorded product's hook.
func (c Config) mayProvision(recorded product) error {
	if c.OnProvision != nil || !recorded.Hook {
		return nil
	}
	return c.otherProgram(recorded)
}

// otherProgram refuses what the recorded product's program does in this one's place.
func (c Config) otherProgram(recorded product) *domain.Error {
	name, run := "a product", "run the product's own program in place of this one"
	if program := recorded.Program.String; program != "" {
		name, run = program, fmt.Sprintf("run `%[1]s` in place of this program, as in `%[1]s setup`, `%[1]s serve` or `%[1]s tenants create`", program)
	}
	return refusal(CodeOtherProgram, nil, "the database %q was set up by %s, whose migrations or hook (OnProvision) this program lacks: %s", c.Database, name, run)
}

// setItUp says how an operator of this program brings the database up to date.
func (c Config) setItUp() string {
	switch {
	case c.Program != "":
		return "run `" + c.Program + " setup`"
	case c.program().Program.Valid:
		return "call app.Setup with this configuration"
	}
	return "run `partywall setup`"
}

// setUpCopy says how an operator of this program gives a copy roles of its own.
func (c Config) setUpCopy() string {
	setUp := c.setItUp()
	if command, ok := strings.CutSuffix(setUp, "`"); ok {
		return command + " --new-installation`"
	}
	return strings.Replace(setUp, "app.Setup", "app.SetupCopy", 1)
}
