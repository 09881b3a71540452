package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

// loadDotEnv reads .env, without replacing what the environment says already. A
// name that looks like a mistyped one of ours is a mistake; other programs' may
// stand there too.
func loadDotEnv() error {
	file, err := godotenv.Read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf(".env can't be read: %w", err)
	}
	known, err := variableNames()
	if err != nil {
		return err
	}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if meant := mistyped(name, known); meant != "" {
			mistakes = append(mistakes, domain.Invalidf(name, "isn't a variable of Partywall, but is in .env; is %s meant?", meant))
			continue
		}
		if _, set := os.LookupEnv(name); !set {
			mistakes = append(mistakes, os.Setenv(name, file[name]))
		}
	}
	return errors.Join(mistakes...)
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
