package invitationpage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
)

//go:embed page.css
var style string

// Policy returns the Content-Security-Policy of the pages. It allows their style and
// their form, and nothing else.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// writer collects a page. Only its method raw does not escape: it takes constant markup.
type writer struct{ strings.Builder }

func begin(title string) *writer {
	w := &writer{}
	w.raw(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="robots" content="noindex"/>
<title>`).text(title).raw("</title>\n<style>" + style + "</style>\n</head>\n<body>\n<main>\n")
	return w
}

func (w *writer) end() string {
	w.raw("</main>\n</body>\n</html>\n")
	return w.String()
}

func (w *writer) raw(markup string) *writer {
	w.WriteString(markup)
	return w
}

// text is also for the value of a quoted attribute.
func (w *writer) text(s string) *writer {
	w.WriteString(html.EscapeString(s))
	return w
}

func (w *writer) element(name, text string) {
	w.raw("<" + name + ">").text(text).raw("</" + name + ">\n")
}

func (w *writer) offer(o Offer) {
	w.raw("<dl>\n")
	w.term("Tenant", o.tenant())
	w.term("Your role", string(o.Role))
	if !o.InvitedBy.IsZero() {
		w.term("Invited by", o.InvitedBy.String())
	}
	if o.Email != "" {
		w.term("For", o.Email)
	}
	at := o.ExpiresAt.UTC()
	w.raw(`<dt>Open until</dt><dd><time datetime="`).text(at.Format(time.RFC3339)).raw(`">`).text(domain.LongTime(at)).raw("</time></dd>\n</dl>\n")
}

func (w *writer) term(name, value string) {
	w.raw("<dt>").text(name).raw("</dt><dd>").text(value).raw("</dd>\n")
}

func (w *writer) hidden(name, value string) {
	w.raw(`<input type="hidden" name="`).text(name).raw(`" value="`).text(value).raw(`"/>` + "\n")
}

// input is a field of the form with its label.
type input struct {
	name, label, kind, autocomplete, value string

	problem string // what is wrong with the value; empty: nothing
	focus   bool
}

func (w *writer) input(i input) {
	w.raw(`<label for="`).text(i.name).raw(`">`).text(i.label).raw("</label>\n")
	w.raw(`<input id="`).text(i.name).raw(`" name="`).text(i.name).raw(`" type="`).text(i.kind)
	w.raw(`" autocomplete="`).text(i.autocomplete).raw(`" value="`).text(i.value).raw(`" required=""`)
	if i.focus {
		w.raw(` autofocus=""`)
	}
	if i.problem == "" {
		w.raw("/>\n")
		return
	}
	w.raw(` aria-invalid="true" aria-describedby="`).text(i.name).raw(`-problem"/>` + "\n")
	w.raw(`<p class="problem" id="`).text(i.name).raw(`-problem" role="alert">`).text(i.problem).raw("</p>\n")
}

// other links to the form for the other kind of account.
func (w *writer) other(question, answer string, token domain.Secret, account string) {
	w.raw("<p>").text(question).raw(` <a href="`).text(addressOf(token, account)).raw(`">`).text(answer).raw("</a></p>\n")
}
