package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
)

// named returns a program whose own commands have the names, and do nothing else than to
// print theirs.
func named(names ...string) Program {
	p := Program{Name: "shop"}
	for _, name := range names {
		p.Commands = append(p.Commands, Command{Name: name, Summary: "the product's " + name, Run: func(context.Context, *app.Partywall, []string, io.Writer) error { return nil }})
	}
	return p
}

func TestACommandOfAProductTakesNoOthersPlace(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, reason := range map[string]string{
		"": "cannot be typed", " ": "cannot be typed", "-x": "cannot be typed", "bill --all": "cannot be typed", "Über": "cannot be typed", "__complete": "cannot be typed",
		"serve": "Partywall's", "tenants": "Partywall's", "tenants list": "Partywall's", "help": "Partywall's", "completion": "Partywall's",
		"tenants list all": "Partywall's", "serve now": "Partywall's", "completion bash": "Partywall's",
	} {
		for _, args := range []string{"version", "--help", "tenants list --help"} {
			var out, errs strings.Builder
			code := named("bill", name).Run(t.Context(), strings.Fields(args), &out, &errs)
			if said := errs.String(); code != exitFailure || out.Len() > 0 || !strings.HasPrefix(said, fmt.Sprintf("shop: the product's command %q ", name)) || !strings.Contains(said, reason) || strings.Count(said, "\n") != 1 {
				t.Errorf("%q: %s: exit %d, %s", name, args, code, said)
			}
		}
	}
	for want, p := range map[string]Program{
		`the product has two commands "bill"`:                named("bill", "plans list", " bill"),
		`the product's command "bill" does nothing`:          {Name: "shop", Commands: []Command{{Name: "bill"}}},
		"the product's command \"-x\" cannot be typed: name": named("-x", "serve"),
	} {
		var errs strings.Builder
		if code := p.Run(t.Context(), []string{"version"}, io.Discard, &errs); code != exitFailure || !strings.Contains(errs.String(), want) {
			t.Errorf("exit %d, %s", code, errs.String())
		}
	}
}

func TestACommandOfAProductStandsBesideAndBelowOthers(t *testing.T) {
	t.Chdir(t.TempDir())
	p := named("plans list", "plans", "plans drop", "tenants report", "events replay", "Bill_2")
	for _, cmd := range p.Commands {
		var out, errs strings.Builder
		code := p.Run(t.Context(), append(strings.Fields(cmd.Name), "--help"), &out, &errs)
		if code != exitOK || !strings.HasPrefix(out.String(), cmd.Summary+"\n") {
			t.Errorf("%s: exit %d, %s%s", cmd.Name, code, out.String(), errs.String())
		}
	}
	for args, want := range map[string]string{"--help": "plans       the product's plans\n", "plans --help": "the product's plans drop", "tenants list --help": "list"} {
		var out strings.Builder
		if code := p.Run(t.Context(), strings.Fields(args), &out, io.Discard); code != exitOK || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit %d, %s", args, code, out.String())
		}
	}
}
