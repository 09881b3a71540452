package embeddedpg

import "strings"

// complaint extracts the lines that explain a failure from the output of PostgreSQL's
// programs, and joins them to one line.
func complaint(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		for _, mark := range []string{"FATAL:", "PANIC:", "initdb: error:", "could not bind"} {
			if _, reason, found := strings.Cut(line, mark); found {
				lines = append(lines, strings.Join(strings.Fields(mark+reason), " "))
				break
			}
		}
	}
	if len(lines) == 0 {
		lines = append(lines, lastLine(output))
	}
	text := strings.Join(lines, "; ")
	if diskIsFull(text) {
		text = "the disk is full: " + text
	}
	return text
}

// diskIsFull reports whether text contains either of PostgreSQL's messages about a full disk.
func diskIsFull(text string) bool {
	return strings.Contains(text, "No space left on device") || strings.Contains(text, ": wrote only ")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
