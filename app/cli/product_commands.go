package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// wellNamed matches the words of a product's command, which no flag looks like.
var wellNamed = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*( [A-Za-z0-9][A-Za-z0-9_-]*)*$`)

// checkCommands returns an error for each of the product's commands that cannot be run, or
// that would take the place of another command.
func (p Program) checkCommands() error {
	stock := append(stockCommands(), command{name: "help"}, command{name: "completion"}) // the library's
	own := map[string]bool{}
	var errs []error
	for _, cmd := range p.Commands {
		words := strings.Fields(cmd.Name)
		name := strings.Join(words, " ")
		switch {
		case !wellNamed.MatchString(name):
			errs = append(errs, fmt.Errorf("the product's command %q cannot be typed: name it by one or two words of letters, digits, - and _", cmd.Name))
		case cmd.Run == nil:
			errs = append(errs, fmt.Errorf("the product's command %q does nothing: set its Run", name))
		case own[name]:
			errs = append(errs, fmt.Errorf("the product has two commands %q: rename one", name))
		case isTaken(stock, words):
			errs = append(errs, fmt.Errorf("the product's command %q would take the place of a command of Partywall's: rename it", name))
		}
		own[name] = true
	}
	return errors.Join(errs...)
}

// isTaken reports whether the words name one of the commands, or follow one that has none
// below it, whose arguments they would be.
func isTaken(all []command, words []string) bool {
	at := slices.IndexFunc(all, func(cmd command) bool { return cmd.name == words[0] })
	return at >= 0 && (len(words) == 1 || len(all[at].below) == 0 || isTaken(all[at].below, words[1:]))
}
