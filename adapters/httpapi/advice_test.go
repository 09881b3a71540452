package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/ports"
)

// followed has, for each code whose message says what to do next, a caller who meets
// the problem, does what the message says, and succeeds.
var followed = map[domain.Code]func(*testing.T, *installation){
	domain.CodeTenantRequired: func(t *testing.T, h *installation) {
		ada := h.signIn(t, "ada@acme.example")
		h.tenant(t, "acme", "ada@acme.example")
		h.tenant(t, "bolt", "ada@acme.example")
		advises(t, h.get(t, "/files/download-url?filename=a", ada), domain.CodeTenantRequired, "name a tenant in X-Tenant-ID")
		h.get(t, "/files/download-url?filename=a", ada, "X-Tenant-ID: acme").is(t, 200)
	},
	domain.CodeTenantExists:   anotherID("acme", domain.CodeTenantExists),
	domain.CodeTenantReserved: anotherID("admin", domain.CodeTenantReserved),
	domain.CodeTenantBusy: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.limit(t, "acme", `{"maxRequests": 1}`).is(t, 200)
		end := domain.Must(h.config.Access.InFlight.Begin(domain.Must(domain.ParseTenantID("acme"))))
		advises(t, h.get(t, "/files", ada), domain.CodeTenantBusy, "try again")
		end()
		h.get(t, "/files", ada).is(t, 200)
	},
	domain.CodeTenantState: func(t *testing.T, h *installation) {
		h.tenant(t, "acme", "ada@acme.example")
		purge := func() answer { return h.post(t, "/admin/tenants/acme/purge", "", asOperator) }
		rename := func() answer { return h.send(t, "PATCH", "/admin/tenants/acme", `{"name": "Acme"}`, asOperator) }
		advises(t, purge(), domain.CodeTenantState, "delete it first")
		h.send(t, "DELETE", "/admin/tenants/acme", "", asOperator).is(t, 202)
		advises(t, rename(), domain.CodeTenantState, "restore it first")
		h.post(t, "/admin/tenants/acme/restore", "", asOperator).is(t, 200)
		rename().is(t, 200)
		h.send(t, "DELETE", "/admin/tenants/acme", "", asOperator).is(t, 202)
		purge().is(t, 202)
	},
	domain.CodeTenantUpgrading: func(t *testing.T, h *installation) {
		acme := h.tenant(t, "acme", "ada@acme.example")
		succeed(t, h.db.SetUpgrading(acme, true))
		advises(t, h.get(t, "/", "X-Tenant-ID: acme"), domain.CodeTenantUpgrading, "try again")
		succeed(t, h.db.SetUpgrading(acme, false))
		h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
	},
	domain.CodeTenantQuota: func(t *testing.T, h *installation) {
		h.config.Tenants.TenantsPerOwner = 1
		acme, ada, bob := h.tenant(t, "acme", "ada@acme.example"), h.caller(t, "ada@acme.example"), h.caller(t, "bob@acme.example")
		another := func() answer { return h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`, bearer(ada)) }
		advises(t, another(), domain.CodeTenantQuota, "hand one over first")
		product := &members.Service{Lister: h.db.Members(), Changer: h.db.Members()}
		h.join(t, acme, "bob@acme.example", domain.RoleMember)
		succeed(t, changeRole(t, product, h.manager(t, ada, acme), bob.Identity(), domain.RoleOwner))
		succeed(t, changeRole(t, product, h.manager(t, ada, acme), ada.Identity(), domain.RoleMember))
		another().is(t, 201)
	},
	domain.CodeTenantChanged: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		edit := func(tag string) answer {
			return h.send(t, "PATCH", "/tenants/acme", `{"name": "Bolt"}`, ada, "If-Match: "+tag)
		}
		advises(t, edit(`"stale"`), domain.CodeTenantChanged, "read it again")
		edit(h.get(t, "/tenants/acme", ada).is(t, 200).header.Get("ETag")).is(t, 200)
	},
	domain.CodeHeldByOperator: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.post(t, "/admin/tenants/acme/suspend", `{"reason": "unpaid"}`, asOperator).is(t, 200)
		advises(t, h.post(t, "/tenants/acme/resume", "", ada), domain.CodeHeldByOperator, "ask the operator to undo it")
		h.post(t, "/admin/tenants/acme/resume", `{"reason": "paid"}`, asOperator).is(t, 200)
		h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
	},
	domain.CodeClaimInvalid: func(t *testing.T, h *installation) {
		ada := h.signIn(t, "ada@acme.example")
		claim := func(token string) answer {
			return h.post(t, "/tenants/acme/claim", fmt.Sprintf(`{"claimToken": %q}`, token), ada)
		}
		reserve := func() string {
			return h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201).field(t, "claimToken")
		}
		late := reserve()
		h.clock.pass(25 * time.Hour)
		ada = h.signIn(t, "ada@acme.example")
		advises(t, claim(late), domain.CodeClaimInvalid, "can then be created anew")
		claim(reserve()).is(t, 200)
	},
	domain.CodeMemberNotFound: func(t *testing.T, h *installation) {
		acme, ada, bob := h.tenant(t, "acme", "ada@acme.example"), h.caller(t, "ada@acme.example"), h.caller(t, "bob@acme.example")
		product := &members.Service{Lister: h.db.Members(), Changer: h.db.Members()}
		h.join(t, acme, "eve@acme.example", domain.RoleMember)
		saysOf(t, product.Remove(t.Context(), h.manager(t, ada, acme), bob.Identity(), ""), domain.CodeMemberNotFound, "name one of its members")
		succeed(t, product.Remove(t.Context(), h.manager(t, ada, acme), h.caller(t, "eve@acme.example").Identity(), ""))
	},
	domain.CodeRoleTooLow: func(t *testing.T, h *installation) {
		acme, ada, bob := h.tenant(t, "acme", "ada@acme.example"), h.caller(t, "ada@acme.example"), h.caller(t, "bob@acme.example")
		product := &members.Service{Lister: h.db.Members(), Changer: h.db.Members()}
		h.join(t, acme, "bob@acme.example", domain.RoleAdmin)
		saysOf(t, changeRole(t, product, h.manager(t, bob, acme), bob.Identity(), domain.RoleOwner), domain.CodeRoleTooLow, "ask a member whose role is high enough")
		succeed(t, changeRole(t, product, h.manager(t, ada, acme), bob.Identity(), domain.RoleOwner))
	},
	domain.CodeMemberInactive: func(t *testing.T, h *installation) {
		acme, ada, bob := h.tenant(t, "acme", "ada@acme.example"), h.caller(t, "ada@acme.example"), h.caller(t, "bob@acme.example")
		product := &members.Service{Lister: h.db.Members(), Changer: h.db.Members()}
		h.join(t, acme, "bob@acme.example", domain.RoleMember)
		setState := func(state domain.MemberState) error {
			_, err := product.Change(t.Context(), h.manager(t, ada, acme), bob.Identity(), domain.MembershipChange{State: &state})
			return err
		}
		handOver := func() error {
			_, _, err := product.HandOver(t.Context(), h.admit(t, ada, acme), bob.Identity(), domain.RoleViewer)
			return err
		}
		succeed(t, setState(domain.MemberSuspended))
		saysOf(t, handOver(), domain.CodeMemberInactive, "make it active first")
		succeed(t, setState(domain.MemberActive))
		succeed(t, handOver())
	},
	domain.CodeExpiryTooLate: func(t *testing.T, h *installation) {
		acme, ada, bob := h.tenant(t, "acme", "ada@acme.example"), h.caller(t, "ada@acme.example"), h.caller(t, "bob@acme.example")
		product := &members.Service{Lister: h.db.Members(), Changer: h.db.Members(), Now: h.clock.Now}
		end := h.clock.Now().Add(time.Hour)
		_, err := product.Grant(t.Context(), access.Installation(), acme, members.Grant{Identity: bob.Identity(), Role: domain.RoleAdmin, ExpiresAt: end, Reason: "ticket 17"})
		succeed(t, err)
		endAt := func(by ports.Caller, at time.Time) error {
			_, err := product.Change(t.Context(), h.manager(t, by, acme), bob.Identity(), domain.MembershipChange{ExpiresAt: &at})
			return err
		}
		saysOf(t, endAt(bob, end.Add(time.Hour)), domain.CodeExpiryTooLate, "ask a member who stays longer")
		succeed(t, endAt(ada, end.Add(time.Hour)))
	},
	domain.CodeLastOwner: func(t *testing.T, h *installation) {
		acme, ada, bob := h.tenant(t, "acme", "ada@acme.example"), h.caller(t, "ada@acme.example"), h.caller(t, "bob@acme.example")
		product := &members.Service{Lister: h.db.Members(), Changer: h.db.Members()}
		h.join(t, acme, "bob@acme.example", domain.RoleMember)
		leave := func() error { return product.Remove(t.Context(), h.manager(t, ada, acme), ada.Identity(), "") }
		saysOf(t, leave(), domain.CodeLastOwner, "make another member an owner first")
		succeed(t, changeRole(t, product, h.manager(t, ada, acme), bob.Identity(), domain.RoleOwner))
		succeed(t, leave())
	},
	domain.CodeInvitationInvalid:  anotherInvitation,
	domain.CodeInvitationNotFound: invitationByList,
	domain.CodeInvitationQuota:    roomForAnInvitation,
	domain.CodeEmailMismatch:      theInvitedAccount,
	domain.CodeEmailUnverified:    aVerifiedAddress,
	domain.CodeFileNotFound: func(t *testing.T, h *installation) {
		acme, ada := h.tenant(t, "acme", "ada@acme.example"), h.signIn(t, "ada@acme.example")
		h.objects.Put(domain.Must(domain.NewObjectKey(acme, "hello.txt")), "text/plain", []byte("hello"))
		advises(t, h.send(t, "DELETE", "/files?filename=helo.txt", "", ada), domain.CodeFileNotFound, "list its files to see their names")
		if got := h.get(t, "/files", ada).is(t, 200); !strings.Contains(got.body, "hello.txt") {
			t.Errorf("the list has %s", got.body)
		}
		h.send(t, "DELETE", "/files?filename=hello.txt", "", ada).is(t, 204)
	},
	domain.CodeIdempotencyMismatch: func(t *testing.T, h *installation) {
		ada := h.signIn(t, "ada@acme.example")
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, ada, "Idempotency-Key: 1").is(t, 201)
		advises(t, h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`, ada, "Idempotency-Key: 1"), domain.CodeIdempotencyMismatch, "choose another")
		h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`, ada, "Idempotency-Key: 2").is(t, 201)
	},

	domain.CodeInvalidToken: func(t *testing.T, h *installation) {
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		stale := h.signsIn(t, adaSignsUp)
		h.clock.pass(2 * time.Hour)
		advises(t, h.get(t, "/auth/me", stale), domain.CodeInvalidToken, "sign in again")
		h.get(t, "/auth/me", h.signsIn(t, adaSignsUp)).is(t, 200)
	},
	domain.CodeUserExists: func(t *testing.T, h *installation) {
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		const again = `{"email": "ada@acme.example", "password": "battery staple"}`
		advises(t, h.post(t, "/auth/signup", again), domain.CodeUserExists, "sign in, reset its password")
		h.signsIn(t, adaSignsUp)
		h.post(t, "/auth/forgot-password", adaAlone).is(t, 202)
		h.post(t, "/auth/reset-password", fmt.Sprintf(`{"email": "ada@acme.example", "code": %q, "newPassword": "battery staple"}`, h.code(t, "ada@acme.example"))).is(t, 200)
		h.signsIn(t, again)
	},
	domain.CodeUserNotConfirmed: func(t *testing.T, h *installation) {
		needsConfirmation(h)
		for _, ask := range []bool{false, true} { // for another code
			address := fmt.Sprintf("ask-%t@acme.example", ask)
			account := fmt.Sprintf(`{"email": %q, "password": "correct horse"}`, address)
			h.post(t, "/auth/signup", account).is(t, 201)
			advises(t, h.post(t, "/auth/signin", account), domain.CodeUserNotConfirmed, "confirm it with the code that was sent to it, or ask for another")
			if ask {
				h.post(t, "/auth/resend-code", fmt.Sprintf(`{"email": %q}`, address)).is(t, 202)
			}
			h.confirms(t, address)
			h.signsIn(t, account)
		}
	},
	domain.CodeCodeInvalid: func(t *testing.T, h *installation) {
		needsConfirmation(h)
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		advises(t, h.post(t, "/auth/verify-email", `{"email": "ada@acme.example", "code": "00000000"}`), domain.CodeCodeInvalid, "ask for a new one")
		h.post(t, "/auth/resend-code", adaAlone).is(t, 202)
		h.confirms(t, "ada@acme.example")
		reset := func(code string) answer {
			return h.post(t, "/auth/reset-password", fmt.Sprintf(`{"email": "ada@acme.example", "code": %q, "newPassword": "battery staple"}`, code))
		}
		advises(t, reset("00000000"), domain.CodeCodeInvalid, "ask for a new one")
		advises(t, reset("from the mail"), domain.CodeCodeInvalid, "enter it as the message shows it")
		h.post(t, "/auth/forgot-password", adaAlone).is(t, 202)
		reset(h.code(t, "ada@acme.example")).is(t, 200)
	},
	domain.CodeChallengeInvalid: func(t *testing.T, h *installation) {
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		session := func() string {
			succeed(t, h.identities.OrderChallenge(t.Context(), parse(t, domain.ParseEmail, "ada@acme.example"), "EMAIL_OTP"))
			return h.post(t, "/auth/signin", adaSignsUp).is(t, 200).field(t, "Session")
		}
		respond := func(session, code string) answer {
			return h.post(t, "/auth/respond-to-challenge", fmt.Sprintf(`{"email": "ada@acme.example", "challengeName": "EMAIL_OTP", "session": %q, "responses": {"EMAIL_OTP_CODE": %q}}`, session, code))
		}
		late := session()
		h.clock.pass(time.Hour)
		advises(t, respond(late, h.code(t, "ada@acme.example")), domain.CodeChallengeInvalid, "sign in again")
		respond(session(), h.code(t, "ada@acme.example")).is(t, 200)
	},
	domain.CodeRefreshInvalid: func(t *testing.T, h *installation) {
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		advises(t, h.post(t, "/auth/refresh", `{"refreshToken": "unknown"}`), domain.CodeRefreshInvalid, "sign in again")
		h.refreshes(t, h.refreshToken(t))
	},
	domain.CodeRefreshReused: func(t *testing.T, h *installation) {
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		spent := h.refreshToken(t)
		h.refreshes(t, spent)
		h.clock.pass(time.Minute)
		advises(t, h.post(t, "/auth/refresh", spent), domain.CodeRefreshReused, "sign in again")
		h.refreshes(t, h.refreshToken(t))
	},

	domain.CodeIdentityProviderUnavailable: func(t *testing.T, h *installation) {
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		h.identities.Break()
		advises(t, h.post(t, "/auth/signin", adaSignsUp), domain.CodeIdentityProviderUnavailable, "try again")
		h.identities.Restore()
		h.signsIn(t, adaSignsUp)
	},
	domain.CodeDatabaseUnavailable: func(t *testing.T, h *installation) {
		h.db.Break()
		advises(t, h.post(t, "/auth/tenants", `{"tenantId": "acme"}`), domain.CodeDatabaseUnavailable, "try again")
		h.db.Restore()
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
	},
	domain.CodeObjectStoreUnavailable: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.objects.Break()
		advises(t, h.post(t, "/files/upload-url", `{"filename": "a"}`, ada), domain.CodeObjectStoreUnavailable, "try again")
		h.objects.Restore()
		h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200)
	},
	domain.CodeObjectStoreFull: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.objects.MaxBytes = 10_000
		h.put(t, ada, `{"filename": "large"}`, strings.Repeat("x", 8_000)).is(t, 200)
		advises(t, h.put(t, ada, `{"filename": "a"}`, strings.Repeat("x", 8_000)), domain.CodeObjectStoreFull, "try again later")
		succeed(t, h.objects.Delete(t.Context(), domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "large"))))
		h.put(t, ada, `{"filename": "a"}`, strings.Repeat("x", 8_000)).is(t, 200)
	},

	problem.CodeMethodNotAllowed: func(t *testing.T, h *installation) {
		got := advises(t, h.send(t, "DELETE", "/healthz", ""), problem.CodeMethodNotAllowed, "the Allow header lists")
		for method := range strings.SplitSeq(got.header.Get("Allow"), ", ") {
			if got := h.send(t, method, "/healthz", ""); got.status >= 400 {
				t.Errorf("%s is allowed, and answers %d", method, got.status)
			}
		}
	},
	problem.CodeUnsupportedMediaType: func(t *testing.T, h *installation) {
		advises(t, h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, "Content-Type: text/plain"), problem.CodeUnsupportedMediaType, "application/json")
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, "Content-Type: application/json").is(t, 201)
	},

	problem.CodeURLSignature: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		signed := h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200)
		advises(t, h.transfer(t, http.MethodPut, signed.field(t, "uploadUrl")+"x", "{}", "hello"), problem.CodeURLSignature, "ask for a new one")
		h.put(t, ada, `{"filename": "a"}`, "hello").is(t, 200)
	},
	problem.CodeURLExpired: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		signed := h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200)
		h.clock.pass(16 * time.Minute)
		advises(t, h.transfer(t, http.MethodPut, signed.field(t, "uploadUrl"), signed.field(t, "headers"), "hello"), problem.CodeURLExpired, "ask for a new one")
		h.put(t, ada, `{"filename": "a"}`, "hello").is(t, 200)
	},
	problem.CodeHeaderNotSigned:      leftOut(problem.CodeHeaderNotSigned, `{"x-amz-meta-a": "b"}`, "leave it out"),
	problem.CodeHeaderNotImplemented: leftOut(problem.CodeHeaderNotImplemented, `{"Content-Encoding": "aws-chunked"}`, "leave it out"),
	problem.CodeHeadersTooLarge:      leftOut(problem.CodeHeadersTooLarge, `{"Content-Language": "`+strings.Repeat("x", 9<<10)+`"}`, "at most 8192 bytes"),
	problem.CodeIfNoneMatchRequired: func(t *testing.T, h *installation) {
		signed := h.post(t, "/files/upload-url", `{"filename": "a", "ifAbsent": true}`, h.owner(t)).is(t, 200).field(t, "uploadUrl")
		advises(t, h.transfer(t, http.MethodPut, signed, "{}", "hello"), problem.CodeIfNoneMatchRequired, "send If-None-Match: *")
		h.transfer(t, http.MethodPut, signed, `{"If-None-Match": "*"}`, "hello").is(t, 200)
	},
	problem.CodeRequestTimeout: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.serve(t, httpapi.NewWithPace(h.config, 100*time.Millisecond, time.Minute))
		got := raw(t, h.addr, "POST /files/upload-url HTTP/1.1\r\nHost: x\r\n"+ada+"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		if !strings.Contains(got, `"request_timeout"`) || !strings.Contains(got, "send it again") {
			t.Fatalf("got %q", got)
		}
		h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200)
	},
	problem.CodeBodyIncomplete: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		conn := h.dial(t).(*net.TCPConn)
		_, _ = io.WriteString(conn, "POST /files/upload-url HTTP/1.1\r\nHost: x\r\n"+ada+"\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		_ = conn.CloseWrite()
		if got, _ := io.ReadAll(conn); !strings.Contains(string(got), `"body_incomplete"`) || !strings.Contains(string(got), "send it again") {
			t.Fatalf("got %q", got)
		}
		h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200)
	},
	problem.CodePreconditionFailed: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.put(t, ada, `{"filename": "a"}`, "hello").is(t, 200)
		signed := h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200).field(t, "uploadUrl")
		advises(t, h.transfer(t, http.MethodPut, signed, `{"If-Match": "\"stale\""}`, "hello"), problem.CodePreconditionFailed, "read it again")
		download := h.get(t, "/files/download-url?filename=a", ada).is(t, 200).field(t, "downloadUrl")
		tag := h.transfer(t, http.MethodGet, download, "{}", "").is(t, 200).header.Get("ETag")
		h.transfer(t, http.MethodPut, signed, fmt.Sprintf(`{"If-Match": %q}`, tag), "hello").is(t, 200)
	},
	problem.CodeRange: func(t *testing.T, h *installation) {
		ada := h.owner(t)
		h.put(t, ada, `{"filename": "a"}`, "hello").is(t, 200)
		download := h.get(t, "/files/download-url?filename=a", ada).is(t, 200).field(t, "downloadUrl")
		got := advises(t, h.transfer(t, http.MethodGet, download, `{"Range": "bytes=5-"}`, ""), problem.CodeRange, "Content-Range has its size")
		if size := got.header.Get("Content-Range"); size != "bytes */5" {
			t.Errorf("Content-Range is %q", size)
		}
		h.transfer(t, http.MethodGet, download, `{"Range": "bytes=4-"}`, "").is(t, 206)
	},
}

// followedElsewhere are the codes whose advice no caller of the API in memory can
// follow, or whose message advises nothing beyond what is wrong.
var followedElsewhere = map[domain.Code]string{
	domain.CodePasswordReset:     "only Cognito has it; the advised route is that of CodeCodeInvalid",
	domain.CodeInsufficientScope: "only Cognito has it; package cognito has the test",
	problem.CodeLengthRequired:   "Go's client sends every length that it has; package signedurl has the test",
	problem.CodeHeaderRepeated:   "Go's client joins no headers; package signedurl has the test",
}

// TestTheAdviceOfProblems meets every problem that says what to do next, and does it.
func TestTheAdviceOfProblems(t *testing.T) {
	for _, code := range problem.Codes() {
		story := followed[code]
		definition, _ := problem.DefinitionOf(code)
		switch {
		case story != nil:
			t.Run(string(code), func(t *testing.T) { story(t, open(t)) })
		case followedElsewhere[code] == "" && advice(definition.Message) != "":
			t.Errorf("no story follows the advice of %s: %q", code, advice(definition.Message))
		}
	}
}

// advice returns what a message says to do, or "".
func advice(message string) string {
	if _, what, found := strings.Cut(message, "; "); found {
		return what
	}
	if strings.HasPrefix(message, "send ") || strings.HasPrefix(message, "name ") {
		return message
	}
	return ""
}

// TestTheAdviceAfterHalfASignUp is about accounts that were made although the tenant
// was not.
func TestTheAdviceAfterHalfASignUp(t *testing.T) {
	claims := func(h *installation) string {
		return h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": "tenant-%d"}`, h.clock.Now().UnixNano())).is(t, 201).field(t, "claimToken")
	}
	signUp := func(h *installation, address, claim string) answer {
		return h.post(t, "/auth/signup", fmt.Sprintf(`{"email": %q, "password": "correct horse", "claimToken": %q}`, address, claim))
	}
	t.Run("the database that failed", func(t *testing.T) {
		h := open(t, func(h *installation) {
			h.config.Identities.Provider = breaking{h.identities, h.db.Break}
		})
		needsConfirmation(h)
		claim := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201).field(t, "claimToken")
		advises(t, signUp(h, "ada@acme.example", claim), domain.CodeDatabaseUnavailable, "sign in, and claim it with the same token")
		h.db.Restore()
		h.confirms(t, "ada@acme.example")
		h.post(t, "/tenants/acme/claim", fmt.Sprintf(`{"claimToken": %q}`, claim), h.signsIn(t, adaSignsUp)).is(t, 200)
	})
	t.Run("the user who owns as many tenants as one may", func(t *testing.T) {
		h := open(t, needsConfirmation)
		h.config.Tenants.TenantsPerOwner = 1
		signUp(h, "ada@acme.example", claims(h)).is(t, 201)
		h.clock.pass(time.Second)
		second := claims(h)
		advises(t, signUp(h, "ada@acme.example", second), domain.CodeTenantQuota, "sign up with another address, which can use the same token")
		signUp(h, "bob@acme.example", second).is(t, 201)
	})
}

// breaking is a provider after whose first sign-up something breaks.
type breaking struct {
	*idptest.Provider
	then func()
}

func (b breaking) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.CreatedUser, error) {
	user, err := b.Provider.SignUp(ctx, email, password)
	b.then()
	return user, err
}

// TestTheAdviceToWait waits as long as a limit says, and no longer.
func TestTheAdviceToWait(t *testing.T) {
	h := open(t)
	wrong := `{"email": "ada@acme.example", "password": "wrong horse"}`
	got := h.post(t, "/auth/signin", wrong)
	for got.status != 429 {
		got = h.post(t, "/auth/signin", wrong).is429Or(t, 401)
	}
	wait, err := time.ParseDuration(got.header.Get("Retry-After") + "s")
	if err != nil || !strings.Contains(got.field(t, "detail"), "; wait ") {
		t.Fatalf("Retry-After is %q, and the advice %q", got.header.Get("Retry-After"), got.field(t, "detail"))
	}
	h.clock.pass(wait)
	h.post(t, "/auth/signin", wrong).isProblem(t, 401, domain.CodeInvalidCredentials, "")
}

// TestTheAdviceOfRefusals is about problems whose code is that of their kind.
func TestTheAdviceOfRefusals(t *testing.T) {
	h := open(t)
	ada := h.owner(t)
	for _, c := range []struct {
		advice             string
		method, path, body string
		headers            []string
		then               func() answer
		status             int
	}{
		{"sign in, and send the access token", "GET", "/auth/me", "", nil, func() answer { return h.get(t, "/auth/me", ada) }, 200},
		{"as Authorization: Bearer", "GET", "/auth/me", "", []string{"Authorization: Basic x"}, func() answer { return h.get(t, "/auth/me", ada) }, 200},
		{"send a JSON object", "POST", "/auth/resend-code", "", []string{"Content-Type: application/json"}, func() answer { return h.post(t, "/auth/resend-code", adaAlone) }, 202},
		{"escape the file name", "GET", "/files/download-url?filename=%zz", "", []string{ada}, func() answer { return h.get(t, "/files/download-url?filename=%25zz", ada) }, 200},
		{"leave disposition out", "GET", "/files/download-url?filename=a.html&disposition=inline", "", []string{ada}, func() answer { return h.get(t, "/files/download-url?filename=a.html", ada) }, 200},
		{"the request names two different tenants; name one", "GET", "/files/download-url?filename=a", "", []string{ada, "X-Tenant-ID: acme", "X-Tenant-ID: bolt"},
			func() answer { return h.get(t, "/files/download-url?filename=a", ada, "X-Tenant-ID: acme") }, 200},
		{"give the refreshToken to revoke, or everywhere: true", "POST", "/auth/signout", "{}", []string{ada}, func() answer { return h.post(t, "/auth/signout", `{"everywhere": true}`, ada) }, 204},
	} {
		t.Run(c.advice, func(t *testing.T) {
			if got := h.send(t, c.method, c.path, c.body, c.headers...); got.status < 400 || !strings.Contains(got.field(t, "detail"), c.advice) {
				t.Errorf("got %d %s", got.status, got.body)
			}
			if got := c.then(); got.status != c.status {
				t.Errorf("after the advice: %d %s", got.status, got.body)
			}
		})
	}
}
