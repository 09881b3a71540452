// Package invitationpage writes the page by which an invited person accepts an
// invitation, where the product has none of its own.
//
// It does without package html/template, which keeps the linker from removing unused code
// from each program that imports it. In its place, a [writer] escapes all text, and sets
// it only as the text of an element or as a quoted attribute.
package invitationpage

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/partywall-go/partywall/domain"
)

// The page and its form have the same folder, so that the relative addresses of the page
// are the same from both, below any prefix.
const (
	Path     = "/invitations/accept"
	FormPath = "/invitations/accept-form"

	page = "accept"
	form = "accept-form"
)

// The fields of the form.
const (
	FieldToken    = "token"
	FieldAccount  = "account" // AccountNew or AccountExisting
	FieldEmail    = "email"
	FieldPassword = "password"

	AccountNew      = "new"
	AccountExisting = "existing"
)

// Offer is what the invitation offers.
type Offer struct {
	Tenant     domain.TenantID
	TenantName string
	Role       domain.Role
	InvitedBy  domain.Email // zero: unknown
	Email      string       // masked; empty: the invitation is for any address
	ExpiresAt  time.Time
}

// tenant returns the ID, beside the name if that is another: only the ID is unique. It
// leaves out the marks in the name that change the direction of text, because they would
// show the ID backwards.
func (o Offer) tenant() string {
	if o.TenantName == o.Tenant.String() {
		return o.TenantName
	}
	name := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, o.TenantName)
	return name + " (" + o.Tenant.String() + ")"
}

// Form asks an invited person to sign up or to sign in.
type Form struct {
	Offer
	Token    domain.Secret
	Existing bool   // the person has an account, and signs in
	Email    string // as typed before

	Problem string // with what was sent before; empty: none
	Field   string // that the problem is with: FieldEmail, FieldPassword, or another
}

// HTML returns the page.
func (f Form) HTML() string {
	w := begin("Invitation to " + f.TenantName)
	w.element("h1", "Invitation to "+f.TenantName)
	w.offer(f.Offer)
	onFields := f.Field == FieldEmail || f.Field == FieldPassword
	if f.Problem != "" && !onFields {
		w.raw(`<p class="problem" role="alert">`).text(f.Problem).raw("</p>\n")
	}
	w.raw(`<form method="post" action="` + form + `">` + "\n")
	w.hidden(FieldToken, f.Token.Reveal())
	w.hidden(FieldAccount, f.account())
	w.input(input{
		name: FieldEmail, label: "E-mail address", kind: "email", autocomplete: "username", value: f.Email,
		problem: f.problemOf(FieldEmail), focus: f.Field != FieldPassword,
	})
	password := input{name: FieldPassword, label: "Password", kind: "password", autocomplete: "current-password", problem: f.problemOf(FieldPassword), focus: f.Field == FieldPassword}
	if !f.Existing {
		password.label, password.autocomplete = "New password", "new-password"
	}
	w.input(password)
	if f.Existing {
		w.raw("<button>Sign in and accept</button>\n</form>\n")
		w.other("You have no account yet?", "Create one", f.Token, AccountNew)
	} else {
		w.raw("<button>Create an account and accept</button>\n</form>\n")
		w.other("You have an account already?", "Sign in", f.Token, AccountExisting)
	}
	return w.end()
}

func (f Form) account() string {
	if f.Existing {
		return AccountExisting
	}
	return AccountNew
}

func (f Form) problemOf(field string) string {
	if f.Field == field {
		return f.Problem
	}
	return ""
}

// Message returns a page that has no form.
func Message(title, text string) string {
	w := begin(title)
	w.element("h1", title)
	w.element("p", text)
	return w.end()
}

// addressOf returns the address of the page for the other kind of account.
func addressOf(token domain.Secret, account string) string {
	query := url.Values{FieldToken: {token.Reveal()}, FieldAccount: {account}}
	return page + "?" + query.Encode()
}
