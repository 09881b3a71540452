package app

import (
	"cmp"

	"github.com/partywall-go/partywall/domain/tenants"
)

// program is the name of the command line that messages advise.
func (c Config) program() string { return cmp.Or(c.Program, "partywall") }

// tenantAdvice spells the commands of app/cli that the use cases of tenants advise.
func (c Config) tenantAdvice() tenants.Advice {
	run := func(command, after string) func(string) string {
		return func(tenant string) string { return "run `" + c.program() + " " + command + " " + tenant + after + "`" }
	}
	return tenants.Advice{RemoveFiles: run("tenants free", " --objects"), MakeOwner: run("members grant", " SUB --role owner --reason TEXT")}
}
