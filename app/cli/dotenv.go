package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

// dotEnvLimit is the largest .env that is read, in bytes.
const dotEnvLimit = 1 << 20

// loadDotEnv reads .env in the working directory, without replacing what the
// environment has already. A name that looks like a mistyped one of ours is a
// mistake, and so is a $ in a value of ours, which other readers of the file
// replace; other programs' variables may stand there too. What is doubtful in
// those goes to c.err, a line each.
func loadDotEnv(c console) error {
	text, err := readDotEnv()
	if text == nil || err != nil {
		return err
	}
	settings, err := parseDotEnv(text)
	if err != nil {
		return err
	}
	known, err := variableNames()
	if err != nil {
		return err
	}
	known = append(known, c.program.Variables...)
	var mistakes []error
	slices.SortStableFunc(settings, func(a, b setting) int { return strings.Compare(a.name, b.name) })
	for _, s := range settings {
		mistakes = append(mistakes, c.apply(s, known))
	}
	return errors.Join(mistakes...)
}

// apply puts one setting into the environment, unless it is there already.
func (c console) apply(s setting, known []string) error {
	if meant := mistyped(s.name, known); meant != "" {
		return domain.Invalidf(s.name, "isn't a variable of %s, but is in .env; is %s meant?", c.program.title(), meant)
	}
	if s.dollar && isOurs(s.name, known) {
		return lineError{s.line, "the value has a $, and nothing is filled in for it: put the value in single quotes if the $ is part of it, or else write out what it stands for"}
	}
	if _, set := os.LookupEnv(s.name); set {
		return nil
	}
	if s.dollar {
		fmt.Fprintf(c.err, "%s: %v\n", c.program.Name, lineError{s.line, "the value has a $, and is taken as it stands: put it in single quotes if that is meant"})
	}
	return os.Setenv(s.name, s.value)
}

// isOurs reports whether we, or the AWS SDK in us, read the variable.
func isOurs(name string, known []string) bool {
	return slices.Contains(known, name) || strings.HasPrefix(name, "AWS_")
}

// readDotEnv returns what .env holds, or nil if there is none. Who may write it
// decides what the program does, so it must belong to the user that runs it or to root.
func readDotEnv() ([]byte, error) {
	file, err := os.OpenFile(".env", os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe without a writer doesn't block
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf(".env can't be read: %w; let this user read it, or remove it", err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf(".env can't be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, errors.New(".env isn't a regular file: make it one, or remove it")
	case info.Size() > dotEnvLimit:
		return nil, fmt.Errorf(".env is larger than %d bytes: only variables belong there", dotEnvLimit)
	}
	if err := refuseForeign(info); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(file, dotEnvLimit))
}

// refuseForeign refuses a .env that another user could have written.
func refuseForeign(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	self := os.Geteuid()
	switch {
	case int(stat.Uid) != self && stat.Uid != 0:
		return fmt.Errorf(".env belongs to user ID %d, who could change what this program does, but user ID %d runs it: run it as that user, or read .env and then run: chown %[2]d .env", stat.Uid, self)
	case info.Mode().Perm()&0o002 != 0:
		return errors.New(".env may be written by every user of this machine: read it, and then run: chmod o-w .env")
	}
	return nil
}

func variableNames() ([]string, error) {
	variables, err := app.Variables()
	var names []string
	for _, v := range variables {
		names = append(names, v.Name)
	}
	return names, err
}

// mistyped returns the known name that is meant by name, or "" if name is one
// itself or another program's: it isn't near any, and doesn't begin as ours do.
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

// ourPrefixes begin names that no other program is known to read.
func ourPrefixes() []string {
	return []string{"COGNITO_", "LOCAL_REQUIRE_", "OPERATOR_", "S3_BUCKET", "S3_FORCE_", "TENANT_", "UPLOAD_"}
}

// distance is how many letters have to be put in, left out, replaced or swapped
// with their neighbour to make b of a (Damerau's, restricted).
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
