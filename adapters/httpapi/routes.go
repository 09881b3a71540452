package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
)

// routes is the whole API at a glance.
//
// The middleware of a route is a function around its handler, and its proof is the
// handler's argument: signedIn passes the caller, member the proof of membership,
// maybeSignedIn the caller who asks for a tenant, signed in or not. The routes of
// /auth that take no token are limited by the caller's address and by the e-mail
// address, after their body was read.
func (s *server) routes(e *echo.Echo) {
	get := func(path string, h echo.HandlerFunc) {
		e.Match([]string{http.MethodGet, http.MethodHead}, path, s.web.Brief(h))
	}
	post := func(path string, h echo.HandlerFunc) { e.POST(path, s.web.Brief(h)) }

	get("/", s.status)
	get("/healthz", s.healthz)
	get("/readyz", s.readyz)

	post("/auth/tenants", s.maybeSignedIn(s.createTenant))
	post("/tenants/:id/claim", s.signedIn(s.claimTenant))

	post("/auth/signup", s.signUp)
	post("/auth/verify-email", s.verifyEmail)
	post("/auth/resend-code", s.resendCode)
	post("/auth/signin", s.signIn)
	post("/auth/respond-to-challenge", s.respondToChallenge)
	post("/auth/refresh", s.refresh)
	post("/auth/forgot-password", s.forgotPassword)
	post("/auth/reset-password", s.resetPassword)
	post("/auth/signout", web.Challenging(s.signOut))
	get("/auth/me", s.signedIn(s.me))

	post("/files/upload-url", s.member(s.uploadURL))
	get("/files/download-url", s.member(s.downloadURL))

	if !s.HideDocs {
		s.documentation(e)
	}
	if s.LocalKeys != nil {
		e.Match([]string{http.MethodGet, http.MethodHead}, "/local/jwks.json", echo.WrapHandler(s.LocalKeys))
	}
	if s.LocalObjects != nil {
		e.Match([]string{http.MethodGet, http.MethodHead, http.MethodPut}, "/local/objects/*", s.web.Transfer(s.LocalObjects))
	}
}
