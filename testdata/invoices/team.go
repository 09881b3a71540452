package main

import (
	"context"
	"html/template"
	"net/http"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/members"
)

// writeInvoices is a permission of the product's own: a viewer only reads.
const writeInvoices domain.Permission = "write invoices"

var writers = []domain.Role{domain.RoleOwner, domain.RoleAdmin, domain.RoleMember}

var teamPage = template.Must(template.ParseFS(pages, "team.html"))

// forManagers serves owners and admins. It answers an error of next as the API does.
func (web web) forManagers(next func(w http.ResponseWriter, r *http.Request, by access.Manager) error) http.Handler {
	return fromCookie(web.RequireMember(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		member, _ := app.MemberFrom(r.Context())
		manager, err := member.Manager()
		if err == nil {
			err = next(w, r, manager)
		}
		if err != nil {
			web.WriteProblem(w, r, err)
		}
	})))
}

// team handles GET /team: the members and the open invitations.
func (web web) team(w http.ResponseWriter, r *http.Request, by access.Manager) error {
	return web.showTeam(r.Context(), w, by, "")
}

// showTeam also shows the link of an invitation, which no other page has.
func (web web) showTeam(ctx context.Context, w http.ResponseWriter, by access.Manager, link string) error {
	found, err := web.Members.List(ctx, by, members.Filter{}, domain.Identity{}, domain.MaxPage)
	if err != nil {
		return err
	}
	open, err := web.Invitations.List(ctx, by, domain.InvitationOpen, domain.InvitationID{}, domain.MaxPage)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = teamPage.Execute(w, map[string]any{"Tenant": by.Tenant(), "Members": found.Members, "Invitations": open.Invitations, "Link": link, "Roles": domain.Roles()})
	return nil
}

// invite handles POST /team, a form with a role and perhaps an email.
func (web web) invite(w http.ResponseWriter, r *http.Request, by access.Manager) (err error) {
	caller, _ := app.CallerFrom(r.Context())
	invite := invitations.Invite{Role: domain.Role(r.FormValue("role"))}
	if address := r.FormValue("email"); address != "" {
		if invite.Email, err = domain.ParseEmail(address); err != nil {
			return err
		}
	}
	issued, err := web.Invitations.Create(r.Context(), by, caller, invite)
	if err != nil {
		return err
	}
	return web.showTeam(r.Context(), w, by, issued.Link.Reveal())
}

// change handles POST /team/{sub}, a form with the new role; an empty one removes the
// member.
func (web web) change(w http.ResponseWriter, r *http.Request, by access.Manager) error {
	caller, _ := app.CallerFrom(r.Context())
	who, err := domain.NewIdentity(caller.Identity().Provider(), r.PathValue("sub"))
	if err != nil {
		return err
	}
	if role := domain.Role(r.FormValue("role")); role == "" {
		err = web.Members.Remove(r.Context(), by, who, "")
	} else {
		_, err = web.Members.Change(r.Context(), by, who, domain.MembershipChange{Role: &role})
	}
	if err == nil {
		http.Redirect(w, r, "/team", http.StatusSeeOther)
	}
	return err
}
