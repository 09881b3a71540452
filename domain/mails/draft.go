package mails

import (
	"fmt"
	"html"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// draft collects the paragraphs of a mail, in plain text and in HTML. It does without
// package html/template, which keeps the linker from removing unused code from each
// program that imports it. In its place, each method escapes its arguments, and sets
// them only as the text of an element or as a quoted attribute.
type draft struct{ text, html strings.Builder }

func (d *draft) paragraph(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	d.add(s, "<p>"+html.EscapeString(s)+"</p>")
}

// code sets a code on a line of its own.
func (d *draft) code(code domain.Secret) {
	d.add(code.Reveal(), `<p style="font:bold 1.5em monospace;letter-spacing:.1em">`+html.EscapeString(code.Reveal())+"</p>")
}

// link sets an address on a line of its own.
func (d *draft) link(to domain.Secret) {
	escaped := html.EscapeString(to.Reveal())
	d.add(to.Reveal(), `<p><a href="`+escaped+`">`+escaped+"</a></p>")
}

func (d *draft) add(text, markup string) {
	if d.text.Len() > 0 {
		d.text.WriteString("\n")
	}
	d.text.WriteString(text + "\n")
	d.html.WriteString(markup + "\n")
}

func (d *draft) content(subject string) Content {
	return Content{
		Subject: subject,
		Text:    d.text.String(),
		HTML: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"/><title>` + html.EscapeString(subject) + `</title></head>
<body style="max-width:40em;margin:1em auto;padding:0 1em;font:16px/1.5 sans-serif">
` + d.html.String() + `</body>
</html>
`,
	}
}
