package main

import (
	_ "embed"
	"strings"
)

// storyScript is the whole story in curl, as README.md has it too; a test holds them equal.
//
//go:embed story.sh
var storyScript string

// story returns the script for the API at url, indented.
func story(url string) string {
	script := strings.Replace(storyScript, "http://localhost:3000", url, 1)
	var b strings.Builder
	for line := range strings.Lines(script) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
