package main

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

//go:embed *.html
var pages embed.FS

var page = template.Must(template.ParseFS(pages, "page.html"))

type invoice struct {
	Text  string
	Cents int64
}

type web struct{ *app.Partywall }

// routes mounts Partywall's API under /pw, beside the product's own pages.
func routes(pw *app.Partywall) http.Handler {
	w, mux := web{pw}, http.NewServeMux()
	mux.Handle("/pw/", http.StripPrefix("/pw", pw.Handler()))
	mux.Handle("GET /{$}", fromCookie(pw.RequireMember(http.HandlerFunc(w.list))))
	mux.Handle("POST /invoices", fromCookie(pw.RequireMember(http.HandlerFunc(w.add))))
	mux.Handle("GET /team", w.forManagers(w.team))
	mux.Handle("POST /team", w.forManagers(w.invite))
	mux.Handle("POST /team/{sub}", w.forManagers(w.change))
	mux.HandleFunc("GET /signin", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pages, "signin.html") })
	mux.HandleFunc("POST /signin", w.signIn)
	return http.NewCrossOriginProtection().Handler(mux)
}

// list handles GET /: the tenant's invoices as a page.
func (web web) list(w http.ResponseWriter, r *http.Request) {
	member, _ := app.MemberFrom(r.Context())
	invoices, err := web.invoices(r.Context(), member)
	if err != nil {
		web.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{"Tenant": member.Tenant(), "Invoices": invoices})
}

func (web web) invoices(ctx context.Context, member access.Member) (found []invoice, err error) {
	err = web.InTenant(ctx, member, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &found, `SELECT text, cents FROM invoices ORDER BY id DESC LIMIT 100`)
	})
	return found, err
}

// add handles POST /invoices, a form with text and cents.
func (web web) add(w http.ResponseWriter, r *http.Request) {
	member, _ := app.MemberFrom(r.Context())
	if err := web.insert(r.Context(), member, r.FormValue("text"), r.FormValue("cents")); err != nil {
		web.WriteProblem(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (web web) insert(ctx context.Context, member access.Member, text, amount string) error {
	if err := member.Require(writeInvoices); err != nil {
		return err
	}
	cents, err := strconv.ParseInt(amount, 10, 64)
	if err != nil || cents <= 0 || text == "" {
		return domain.Invalidf("cents", "an invoice has a text, and an amount of at least one cent")
	}
	return web.InTenant(ctx, member, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO invoices (text, cents) VALUES ($1, $2)`, text, cents)
		return err
	})
}

// tokenCookie contains the access token, hidden from scripts. Because of its prefix,
// browsers accept it only over HTTPS and only from this host, so another subdomain, such
// as another tenant's, cannot set it. Chromium and Firefox count http://localhost as
// HTTPS.
const tokenCookie = "__Host-token"

// signIn handles POST /signin, a form with email and password. Partywall limits
// the attempts by the browser's network address.
func (web web) signIn(w http.ResponseWriter, r *http.Request) {
	email, err := domain.ParseEmail(r.FormValue("email"))
	if err != nil {
		web.WriteProblem(w, r, err)
		return
	}
	step, err := web.Identities.SignIn(r.Context(), web.AddressOf(r), email, domain.NewSecret(r.FormValue("password")))
	if err != nil {
		web.WriteProblem(w, r, err)
		return
	}
	if step.Challenge != nil {
		http.Error(w, "This page cannot answer "+step.Challenge.Name+".", http.StatusNotImplemented)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: tokenCookie, Value: step.Tokens.Access.Reveal(), Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// fromCookie passes a browser's token to Partywall, which reads only the header.
func fromCookie(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie(tokenCookie); err == nil && r.Header.Get("Authorization") == "" {
			r.Header.Set("Authorization", "Bearer "+cookie.Value)
		}
		next.ServeHTTP(w, r)
	})
}
