package pg

import (
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// Fill puts names into a statement's {braces}, quoted as identifiers.
func Fill(statement string, names map[string]string) string {
	var pairs []string
	for key, name := range names {
		pairs = append(pairs, "{"+key+"}", pq.QuoteIdentifier(name))
	}
	return strings.NewReplacer(pairs...).Replace(statement)
}

// QuoteAll returns a list of quoted identifiers.
func QuoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = pq.QuoteIdentifier(name)
	}
	return strings.Join(quoted, ", ")
}

// FirstFew lists the first few of the names, and counts the others.
func FirstFew(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
