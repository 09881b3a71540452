package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/invitationpage"
)

// routes is the whole API at a glance: each line names who may call a route, as the
// function around its handler. The handler's argument is the proof.
//
//   - anyone proves nothing. The routes of /auth among these are limited by the caller's
//     address and by the e-mail address, after their body was read.
//   - maybeSignedIn passes the caller who asks for a tenant: a user, the operator, or a
//     caller without a token.
//   - signedIn passes the user.
//   - member passes the proof of membership in the tenant that the request names.
//   - manager passes the proof that a member manages the members of the tenant, and
//     operatorAsManager that the operator does.
//   - inviter passes the same with the caller, whose address the provider verified, and
//     operatorAsInviter with none.
//   - reader passes the proof of a member of the tenant in the path, or of a steward;
//     steward that of an owner or the operator, in any status of the tenant.
//   - operator passes the proof that the caller holds the operator's token, and
//     operatorAsSteward that for the tenant in the path.
//   - either passes a user, or a caller whose body may have a token of its own.
func (s *server) routes(e *echo.Echo) {
	get := func(path string, h echo.HandlerFunc) { e.Match(reads, path, s.web.Brief(h)) }
	post := func(path string, h echo.HandlerFunc) { e.POST(path, s.web.Brief(h)) }
	patch := func(path string, h echo.HandlerFunc) { e.PATCH(path, s.web.Brief(h)) }
	del := func(path string, h echo.HandlerFunc) { e.DELETE(path, s.web.Brief(h)) }

	get("/", anyone(s.status))
	get("/healthz", anyone(s.healthz))
	get("/readyz", anyone(s.readyz))

	post("/auth/tenants", s.maybeSignedIn(s.createTenant))
	post("/tenants/:id/claim", s.signedIn(s.claimTenant))

	get("/tenants/:id", s.reader(s.getTenant))
	patch("/tenants/:id", s.steward(s.editTenant))
	del("/tenants/:id", s.steward(s.changes(s.Tenants.Delete, http.StatusAccepted)))
	post("/tenants/:id/suspend", s.steward(s.changes(s.Tenants.Suspend, http.StatusOK)))
	post("/tenants/:id/resume", s.steward(s.changes(s.Tenants.Resume, http.StatusOK)))
	post("/tenants/:id/restore", s.steward(s.changes(s.Tenants.Restore, http.StatusOK)))

	get("/tenants/:id/members", s.manager(s.listMembers))
	patch("/tenants/:id/members/:sub", s.manager(s.changeMember))
	del("/tenants/:id/members/:sub", s.manager(s.removeMember))
	get("/tenants/:id/invitations", s.manager(s.listInvitations))
	post("/tenants/:id/invitations", s.inviter(s.createInvitation))
	del("/tenants/:id/invitations/:invitationId", s.manager(s.revokeInvitation))
	post("/tenants/:id/invitations/:invitationId/resend", s.inviter(s.resendInvitation))
	post("/invitations/preview", anyone(s.previewInvitation))
	post("/invitations/accept", s.signedIn(s.acceptInvitation))
	get(invitationpage.Path, anyone(s.showInvitation))
	get(invitationpage.FormPath, anyone(s.showInvitation)) // its address lacks the token
	post(invitationpage.FormPath, anyone(s.acceptOnPage))
	post("/tenants/:id/leave", s.member(s.leave))
	post("/tenants/:id/owner", s.member(s.handOver))
	get("/tenants/:id/events", s.manager(s.listTenantEvents))

	post("/auth/signup", anyone(s.signUp))
	post("/auth/verify-email", anyone(s.verifyEmail))
	post("/auth/resend-code", anyone(s.resendCode))
	post("/auth/forgot-password", anyone(s.forgotPassword))
	post("/auth/reset-password", anyone(s.resetPassword))

	post("/auth/signin", anyone(s.signIn))
	post("/auth/respond-to-challenge", anyone(s.respondToChallenge))
	post("/auth/refresh", anyone(s.refresh))
	post("/auth/signout", s.either(s.signOut))
	get("/auth/me", s.signedIn(s.me))

	get("/files", s.member(s.listFiles))
	del("/files", s.member(s.deleteFile))
	post("/files/upload-url", s.member(s.uploadURL))
	get("/files/download-url", s.member(s.downloadURL))

	get("/admin/events", s.operator(s.listEvents))
	get("/admin/tenants/:id/events", s.operatorAsManager(s.listTenantEvents))
	get("/admin/tenants", s.operator(s.listTenants))
	get("/admin/tenants/:id", s.operatorAsSteward(s.showTenant))
	patch("/admin/tenants/:id", s.operatorAsSteward(s.editTenant))
	del("/admin/tenants/:id", s.operatorAsSteward(s.changes(s.Tenants.Delete, http.StatusAccepted)))
	patch("/admin/tenants/:id/limits", s.operatorAsSteward(s.limitTenant))
	post("/admin/tenants/:id/suspend", s.operatorAsSteward(s.changes(s.Tenants.Suspend, http.StatusOK)))
	post("/admin/tenants/:id/resume", s.operatorAsSteward(s.changes(s.Tenants.Resume, http.StatusOK)))
	post("/admin/tenants/:id/restore", s.operatorAsSteward(s.changes(s.Tenants.Restore, http.StatusOK)))
	post("/admin/tenants/:id/purge", s.operatorAsSteward(s.changes(s.Tenants.Purge, http.StatusAccepted)))
	post("/admin/tenants/:id/free", s.operator(s.freeTenant))

	get("/admin/tenants/:id/members", s.operatorAsManager(s.listMembers))
	post("/admin/tenants/:id/members", s.operator(s.grantMembership))
	patch("/admin/tenants/:id/members/:sub", s.operatorAsManager(s.changeMember))
	del("/admin/tenants/:id/members/:sub", s.operatorAsManager(s.removeMember))

	get("/admin/tenants/:id/invitations", s.operatorAsManager(s.listInvitations))
	post("/admin/tenants/:id/invitations", s.operatorAsInviter(s.createInvitation))
	del("/admin/tenants/:id/invitations/:invitationId", s.operatorAsManager(s.revokeInvitation))
	post("/admin/tenants/:id/invitations/:invitationId/resend", s.operatorAsInviter(s.resendInvitation))

	s.fileRoutes(e)
}

// fileRoutes are the routes whose answers are files: the documentation, and what the
// built-in parts serve. Anyone may call them; a signed URL of an object is its own proof.
func (s *server) fileRoutes(e *echo.Echo) {
	if !s.HideDocs {
		e.Match(reads, "/openapi.json", anyone(newFile("application/json", describedAt(s.PublicURL)).serve))
		e.Match(reads, "/docs", anyone(embedded("page.html").serve))
		e.Match(reads, "/docs/:file", anyone(partsOfPage().serve))
	}
	if s.LocalKeys != nil {
		e.Match(reads, "/local/jwks.json", anyone(echo.WrapHandler(s.LocalKeys)))
	}
	if s.LocalObjects != nil {
		e.Match(append(reads, http.MethodPut), "/local/objects/*", anyone(s.web.Transfer(s.LocalObjects)))
	}
}

var reads = []string{http.MethodGet, http.MethodHead}
