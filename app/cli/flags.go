package cli

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/partywall-go/partywall/domain"
)

// option adds a flag to those of a command.
type option func(*pflag.FlagSet)

func boolFlag(name, usage string) option {
	return func(flags *pflag.FlagSet) { flags.Bool(name, false, usage) }
}

func stringFlag(name, usage string) option {
	return func(flags *pflag.FlagSet) { flags.String(name, "", usage) }
}

func shortStringFlag(name, short, usage string) option {
	return func(flags *pflag.FlagSet) { flags.StringP(name, short, "", usage) }
}

func stringsFlag(name, usage string) option {
	return func(flags *pflag.FlagSet) { flags.StringArray(name, nil, usage) }
}

func intFlag(name string, value int, usage string) option {
	return func(flags *pflag.FlagSet) { flags.Int(name, value, usage) }
}

func durationFlag(name string, value time.Duration, usage string) option {
	return func(flags *pflag.FlagSet) { flags.Duration(name, value, usage) }
}

// isRequired is the annotation of a flag that the command needs.
const isRequired = "required"

// requiredFlag adds a flag that the command needs, with a value that is not empty. The
// usage has the name of the value in backquotes.
func requiredFlag(name, usage string) option {
	return func(flags *pflag.FlagSet) {
		flags.String(name, "", usage)
		flags.Lookup(name).Annotations = map[string][]string{isRequired: nil}
	}
}

// roleFlag adds the flag for the role that a command grants.
func roleFlag() option { return requiredFlag("role", "the `ROLE`: "+either(domain.Roles())) }

// either names the words of which a flag takes one, such as "owner, admin or viewer".
func either[T ~string](words []T) string {
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = string(word)
	}
	return enumerate(names, "or")
}

// required returns the flags that a command needs.
func required(flags *pflag.FlagSet) (needed []*pflag.Flag) {
	flags.VisitAll(func(flag *pflag.Flag) {
		if _, found := flag.Annotations[isRequired]; found {
			needed = append(needed, flag)
		}
	})
	return needed
}

// usageOfRequired returns how the flags that a command needs are typed.
func usageOfRequired(flags *pflag.FlagSet) (usage string) {
	for _, flag := range required(flags) {
		value, _ := pflag.UnquoteUsage(flag)
		usage += " --" + flag.Name + " " + value
	}
	return usage
}

// refuseMissing refuses a command line without a flag that the command needs.
func refuseMissing(cmd *cobra.Command) error {
	var missing []string
	for _, flag := range required(cmd.Flags()) {
		if flag.Value.String() == "" {
			missing = append(missing, "--"+flag.Name)
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return misuse(cmd, "%s is needed", missing[0])
	}
	return misuse(cmd, "%s are needed", enumerate(missing, "and"))
}

// refuseEmpty refuses a flag with an empty value, as from an unset variable of a shell:
// the command would do more than the flag was to allow.
func refuseEmpty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if flag.Value.Type() == "string" && flag.Value.String() == "" && err == nil {
			err = misuse(cmd, "--%s is empty: give it a value, or leave it out", flag.Name)
		}
	})
	return err
}

// jsonFlag is the flag of each command whose results other programs read.
func jsonFlag() option {
	return boolFlag("json", "print the results as JSON, an object on each line")
}

// yesFlag is the flag of each command that destroys something.
func yesFlag() option { return boolFlag("yes", "do not ask for confirmation") }

// reasonFlag is the flag of a change that may have a reason.
func reasonFlag() option {
	return stringFlag("reason", "the `REASON`, in 1 to 200 characters; may be left out")
}

// requiredReasonFlag is the flag of a change that needs a reason.
func requiredReasonFlag() option {
	return requiredFlag("reason", "the `REASON`, in 1 to 200 characters")
}
