package schema

import (
	"errors"
	"fmt"
	"strings"
)

// mark is an annotation of goose: a comment, alone on its line, such as
// -- +goose StatementBegin.
type mark string

const (
	markUp            mark = "Up"
	markDown          mark = "Down"
	markBegin         mark = "StatementBegin"
	markEnd           mark = "StatementEnd"
	markNoTransaction mark = "NO TRANSACTION"
	markEnvsubOn      mark = "ENVSUB ON"
	markEnvsubOff     mark = "ENVSUB OFF"
)

var allMarks = []mark{markUp, markDown, markBegin, markEnd, markNoTransaction, markEnvsubOn, markEnvsubOff}

// up returns the text that a file runs, and whether outside of a transaction: all of it
// or, in a file of goose's, the part below -- +goose Up, with each statement in its line
// and column. A file that goose refuses for its marks is refused. Unlike goose, up reads
// SQL, so that a semicolon at the end of a line within a string ends no statement, and the
// last statement needs none.
func up(file string) (text string, outside bool, err error) {
	if !hasMarks(file) {
		return file, isConcurrent(file), nil
	}
	r := markReader{}
	var kept strings.Builder
	n := 0
	for line := range strings.Lines(file) {
		n++
		if err := r.read(line); err != nil {
			return "", false, fmt.Errorf("line %d: %w", n, err)
		}
		kept.WriteString(r.keep(line))
	}
	switch {
	case !r.up:
		return "", false, errors.New("it has marks of goose, but no -- +goose Up")
	case r.block:
		return "", false, errors.New("its last -- +goose StatementBegin has no -- +goose StatementEnd")
	}
	return strings.TrimRight(kept.String(), " \n"), r.outside, nil
}

// hasMarks reports whether a file is goose's. Prose about goose makes it none.
func hasMarks(file string) bool {
	for line := range strings.Lines(file) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "--")
		if ok && strings.HasPrefix(strings.TrimLeft(comment, "- \t"), "+goose") {
			return true
		}
	}
	return false
}

// markReader goes through a file of goose's line by line.
type markReader struct {
	up, down bool // which parts have begun
	block    bool // inside StatementBegin and StatementEnd
	outside  bool // the file runs outside of a transaction
	mark     mark // of the line that was read last; empty: it is none
}

// read takes a line, and refuses what goose refuses there.
func (r *markReader) read(line string) error {
	text := strings.TrimSpace(line)
	comment := strings.HasPrefix(text, "--")
	r.mark = ""
	if !comment || !strings.Contains(text, "+goose") {
		if !r.up && !comment && text != "" {
			return errors.New("a statement comes before -- +goose Up")
		}
		return nil
	}
	var err error
	if r.mark, err = parseMark(line); err != nil {
		return err
	}
	return r.enter()
}

// parseMark reads an annotation as strictly as goose does.
func parseMark(line string) (mark, error) {
	if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
		return "", errors.New("a mark of goose begins its line, without spaces before it")
	}
	text := strings.TrimSpace(strings.Replace(strings.ReplaceAll(line, "--", ""), "+goose", "", 1))
	for _, m := range allMarks {
		if strings.EqualFold(string(m), text) {
			return m, nil
		}
	}
	return "", fmt.Errorf("goose has no mark %q", text)
}

// enter follows a mark into the part of the file that it begins.
func (r *markReader) enter() error {
	switch r.mark {
	case markUp:
		if r.up {
			return errors.New("a second -- +goose Up")
		}
		r.up = true
	case markDown:
		if !r.up || r.down || r.block {
			return errors.New("-- +goose Down comes once, after -- +goose Up and outside of StatementBegin and StatementEnd")
		}
		r.down = true
	case markBegin:
		if !r.up || r.block {
			return errors.New("-- +goose StatementBegin comes after -- +goose Up, and outside of another")
		}
		r.block = true
	case markEnd:
		if !r.block {
			return errors.New("-- +goose StatementEnd has no -- +goose StatementBegin")
		}
		r.block = false
	case markNoTransaction:
		r.outside = true
	case markEnvsubOn, markEnvsubOff:
		return errors.New("goose's ENVSUB would make tenants differ with the environment of the program: write the values into the file")
	}
	return nil
}

// keep returns what is left of the line that was read, in as many bytes. StatementEnd
// ends a statement, also one without a semicolon.
func (r *markReader) keep(line string) string {
	switch {
	case r.down:
		return ""
	case r.mark == "":
		return line
	}
	ending, newline := "", ""
	if r.mark == markEnd {
		ending = ";"
	}
	if strings.HasSuffix(line, "\n") {
		newline = "\n"
	}
	return ending + strings.Repeat(" ", len(line)-len(ending)-len(newline)) + newline
}
