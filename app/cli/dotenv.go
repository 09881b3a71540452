package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/adapters/dotenv"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

// loadDotEnv reads .env in the working directory. It does not replace variables that
// the environment already has. A name that resembles one of this program's is a
// mistake, and so is a $ in the value of one of its variables, because other readers of
// the file replace it. The file may also contain other programs' variables; doubts
// about those are written to c.err, a line each.
func loadDotEnv(c console) error {
	settings, err := dotenv.Read()
	if err != nil {
		return err
	}
	known, err := variableNames()
	if err != nil {
		return err
	}
	known = append(known, c.program.Variables...)
	var mistakes []error
	slices.SortStableFunc(settings, func(a, b dotenv.Setting) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range settings {
		mistakes = append(mistakes, c.apply(s, known))
	}
	return errors.Join(mistakes...)
}

// apply puts one setting into the environment, unless the environment already has it.
func (c console) apply(s dotenv.Setting, known []string) error {
	if meant := mistyped(s.Name, known); meant != "" {
		return domain.Invalidf(s.Name, "is not a variable of %s, but is in .env; is %s meant?", c.program.title(), meant)
	}
	if s.Dollar && isOurs(s.Name, known) {
		return s.Mistake("the value has a $, and nothing is filled in for it: put the value in single quotes if the $ is part of it, or else write out what it stands for")
	}
	if _, set := os.LookupEnv(s.Name); set {
		return nil
	}
	if s.Dollar {
		fmt.Fprintf(c.err, "%s: %v\n", c.program.Name, s.Mistake("the value has a $, and is taken as it stands: put it in single quotes if that is meant"))
	}
	return os.Setenv(s.Name, s.Value)
}

// isOurs reports whether this program, or the AWS SDK in it, reads the variable.
func isOurs(name string, known []string) bool {
	return slices.Contains(known, name) || strings.HasPrefix(name, "AWS_")
}

func variableNames() ([]string, error) {
	variables, err := app.Variables()
	var names []string
	for _, v := range variables {
		names = append(names, v.Name)
	}
	return names, err
}

// mistyped returns the known name that name probably stands for. It returns "" if name is
// known, or another program's: not similar to a known name, and without our prefixes.
func mistyped(name string, known []string) string {
	if slices.Contains(known, name) || strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
		return "" // the SDK has an endpoint for each of AWS's services
	}
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
	if distance(name, nearest) <= min(2, len(nearest)/4) || slices.ContainsFunc(ourPrefixes(), func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return nearest
	}
	return ""
}

// ourPrefixes are prefixes of names that no other program is known to read.
func ourPrefixes() []string {
	return []string{"COGNITO_", "LOCAL_REQUIRE_", "OPERATOR_", "S3_BUCKET", "S3_FORCE_", "TENANT_", "UPLOAD_"}
}

// distance returns how many letters have to be inserted, deleted, replaced or swapped
// with a neighbour to turn a into b (the restricted Damerau-Levenshtein distance).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range len(a) {
		for j := range len(b) {
			replaced := rows[i][j]
			if a[i] != b[j] {
				replaced++
			}
			least := min(replaced, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				least = min(least, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = least
		}
	}
	return rows[len(a)][len(b)]
}
