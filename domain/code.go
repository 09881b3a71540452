package domain

import (
	"maps"
	"slices"
	"time"
)

// Code is the stable name of an error, for programs to compare. Codes are part of
// the API: they are added, never changed. A Code is an error itself, so that
// errors.Is(err, domain.CodeUserExists) asks for it.
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// The codes that say more than a [Kind] does. [Code.Definition] has what all errors
// of a code have in common.
const (
	CodeTenantRequired      Code = "tenant_required"      // the caller has several tenants, or none, and named none
	CodeTenantNotFound      Code = "tenant_not_found"     // unknown, suspended, deleted, or not the caller's
	CodeTenantExists        Code = "tenant_exists"        // the ID is taken
	CodeTenantReserved      Code = "tenant_reserved"      // the ID is never given out
	CodeTenantUpgrading     Code = "tenant_upgrading"     // the tenant's schema is older than the program; the other tenants are served
	CodeTenantBusy          Code = "tenant_busy"          // the tenant takes as much of the process as it may
	CodeTenantQuota         Code = "tenant_quota"         // the owner has as many tenants as one identity may own
	CodeTenantState         Code = "tenant_state"         // the tenant's status does not allow the change
	CodeTenantChanged       Code = "tenant_changed"       // the tenant has another revision than the change was made for
	CodeHeldByOperator      Code = "held_by_operator"     // the operator suspended or deleted the tenant, and alone may undo it
	CodeClaimInvalid        Code = "claim_invalid"        // unknown, spent or expired claim, or another tenant's
	CodeMemberNotFound      Code = "member_not_found"     // the tenant has no such member
	CodeRoleTooLow          Code = "role_too_low"         // a member changes or grants a role above their own
	CodeMemberInactive      Code = "member_inactive"      // the membership is suspended or has expired
	CodeExpiryTooLate       Code = "expiry_too_late"      // a member grants a membership that outlives their own
	CodeLastOwner           Code = "last_owner"           // a tenant keeps at least one owner
	CodeInvitationInvalid   Code = "invitation_invalid"   // unknown, spent, revoked, replaced or expired token of an invitation
	CodeInvitationNotFound  Code = "invitation_not_found" // the tenant has no such invitation that is open or has expired
	CodeInvitationQuota     Code = "invitation_quota"     // the tenant has as many open invitations as it may
	CodeEmailMismatch       Code = "email_mismatch"       // the invitation is for another address
	CodeEmailUnverified     Code = "email_unverified"     // the caller has no verified address, which the request requires
	CodeFileNotFound        Code = "file_not_found"       // the tenant has no such file
	CodeInsufficientScope   Code = "insufficient_scope"   // RFC 6750, section 3.1: the access token does not let the provider answer
	CodeIdempotencyMismatch Code = "idempotency_mismatch" // the key was used with another body

	CodeInvalidToken       Code = "invalid_token"           // RFC 6750, section 3.1
	CodeInvalidCredentials Code = "invalid_credentials"     // wrong password, or no such account
	CodeUserExists         Code = "user_exists"             // the address has an account
	CodeUserNotConfirmed   Code = "user_not_confirmed"      // the password is right, the address is not confirmed
	CodePasswordReset      Code = "password_reset_required" // the password is right, and must be replaced
	CodePasswordPolicy     Code = "password_policy"         // the new password is too weak
	CodeCodeInvalid        Code = "code_invalid"            // wrong, spent or expired confirmation code
	CodeChallengeInvalid   Code = "challenge_invalid"       // wrong answer, or ended session
	CodeRefreshInvalid     Code = "refresh_invalid"         // unknown, expired or revoked refresh token
	CodeRefreshReused      Code = "refresh_reused"          // a token that was exchanged before: all tokens of its sign-in have ended
	CodeSignUpRefused      Code = "sign_up_refused"         // by the provider's own rules

	CodeIdentityProviderUnavailable Code = "identity_provider_unavailable"
	CodeDatabaseUnavailable         Code = "database_unavailable"
	CodeObjectStoreUnavailable      Code = "object_store_unavailable"
	CodeObjectStoreFull             Code = "object_store_full" // the disk or the memory of the built-in store
)

// Definition is what all errors of a code have in common.
type Definition struct {
	Kind        Kind
	Field       string        // at fault; empty: none
	FieldVaries bool          // Field depends on the request, and is empty here
	Message     string        // the usual text
	RetryAfter  time.Duration // of an error of kind [Unavailable] or [Limited]
}

// NewError returns the usual error of a code with this definition.
func (d Definition) NewError(code Code) *Error {
	return &Error{Kind: d.Kind, Code: code, Field: d.Field, Message: d.Message, RetryAfter: d.RetryAfter}
}

// definitions is the one table of the codes that use cases and adapters return. An edge
// that spells a field otherwise, such as a header, replaces it and the text that names it.
var definitions = map[Code]Definition{
	CodeTenantRequired: {Kind: Invalid, Field: "tenantId", Message: "name a tenant: only a member of exactly one tenant may leave it out"},
	CodeTenantNotFound: {Kind: NotFound, Message: "there is no such tenant, or you are not a member of it"},
	CodeTenantExists:   {Kind: Conflict, Field: "tenantId", Message: "this tenant ID is taken; choose another"},
	CodeTenantReserved: {Kind: Invalid, Field: "tenantId", Message: "this tenant ID is reserved; choose another"},
	CodeTenantUpgrading: {Kind: Unavailable, RetryAfter: 10 * time.Second,
		Message: "the tenant is being upgraded; try again"},
	CodeTenantBusy: {Kind: Limited, RetryAfter: time.Second,
		Message: "the tenant has as many requests in flight as it may; try again"},
	CodeTenantQuota:    {Kind: Conflict, Message: "you own as many tenants as one user may; hand one over first, or ask the operator"},
	CodeTenantState:    {Kind: Conflict, Message: "the tenant's status does not allow this change; read the tenant for its status"},
	CodeTenantChanged:  {Kind: Conflict, Message: "the tenant has changed since you read it; read it again"},
	CodeHeldByOperator: {Kind: Forbidden, Message: "the operator suspended or deleted the tenant; ask the operator to undo it"},
	CodeClaimInvalid: {Kind: Invalid, Field: "claimToken", Message: "the claim token is unknown, used, expired, or another tenant's; " +
		"an ID that is not claimed in time is free again, and can then be created anew"},
	CodeMemberNotFound:    {Kind: NotFound, Field: "sub", Message: "the tenant has no such member; name one of its members"},
	CodeRoleTooLow:        {Kind: Forbidden, Field: "role", Message: "this changes or grants a role above your own; ask a member whose role is high enough"},
	CodeMemberInactive:    {Kind: Conflict, Field: "sub", Message: "the member is suspended, or the membership has expired; make it active first"},
	CodeExpiryTooLate:     {Kind: Forbidden, Field: "expiresAt", Message: "your own membership ends earlier; name a time before its end, or ask a member who stays longer"},
	CodeLastOwner:         {Kind: Conflict, Field: "role", Message: "a tenant keeps at least one active owner whose membership does not expire; make another member an owner first"},
	CodeInvitationInvalid: {Kind: NotFound, Field: "invitationToken", Message: "the invitation is unknown, used, revoked, replaced or expired; ask for another"},
	CodeInvitationNotFound: {Kind: NotFound, Field: "invitationId",
		Message: "the tenant has no such invitation, or it is accepted or revoked already; list the tenant's invitations"},
	CodeInvitationQuota:     {Kind: Conflict, Message: "the tenant has as many open invitations as one tenant may; revoke one first"},
	CodeEmailMismatch:       {Kind: Forbidden, Field: "email", Message: "the invitation is for another e-mail address; use the account with the invited address"},
	CodeEmailUnverified:     {Kind: Forbidden, Field: "email", Message: "your e-mail address is not verified; verify it first"},
	CodeFileNotFound:        {Kind: NotFound, Field: "filename", Message: "the tenant has no such file; list its files to see their names"},
	CodeInsufficientScope:   {Kind: Forbidden, Message: "the access token lacks a scope that this request requires; sign in for a token that has it"},
	CodeIdempotencyMismatch: {Kind: Unprocessable, Field: "idempotencyKey", Message: "this idempotency key was used for another request; choose another"},

	CodeInvalidToken:       {Kind: Unauthenticated, Message: "the access token is invalid or has expired; sign in again"},
	CodeInvalidCredentials: {Kind: Unauthenticated, Message: "the address or the password is wrong"},
	CodeUserExists: {Kind: Conflict, Field: "email", Message: "there is an account with this e-mail address; sign in, reset its password, " +
		"or, if it is not confirmed yet, ask for another code"},
	CodeUserNotConfirmed: {Kind: Forbidden, Message: "the e-mail address is not confirmed yet; confirm it with the code that was sent to it, or ask for another"},
	CodePasswordReset:    {Kind: Forbidden, Message: "the password has to be reset before signing in; ask for a code to reset it"},
	CodePasswordPolicy:   {Kind: Unprocessable, FieldVaries: true, Message: "the password is too weak, or was used before"},
	CodeCodeInvalid:      {Kind: Invalid, Field: "code", Message: "the code is wrong, was used before, or has expired; ask for a new one"},
	CodeChallengeInvalid: {Kind: Unauthenticated, Message: "the answer or its session is wrong or has expired; sign in again"},
	CodeRefreshInvalid:   {Kind: Unauthenticated, Message: "the refresh token is invalid, expired or revoked; sign in again"},
	CodeRefreshReused:    {Kind: Unauthenticated, Message: "the refresh token was used before, so its session has ended; sign in again"},
	CodeSignUpRefused:    {Kind: Unprocessable, Message: "the sign-up was refused by the rules of this service"},

	CodeIdentityProviderUnavailable: {Kind: Unavailable, RetryAfter: time.Second, Message: "the identity provider cannot be reached; try again"},
	CodeDatabaseUnavailable:         {Kind: Unavailable, RetryAfter: 2 * time.Second, Message: "the database cannot be used now; try again"},
	CodeObjectStoreUnavailable:      {Kind: Unavailable, RetryAfter: time.Second, Message: "the object store cannot be reached; try again"},
	CodeObjectStoreFull: {Kind: Unavailable, RetryAfter: time.Minute,
		Message: "there is no space left for files; try again later"},
}

// Definition returns what all errors of the code have in common. It reports false
// for a code that the table does not have, such as one of an adapter for its operator.
func (c Code) Definition() (Definition, bool) {
	d, found := definitions[c]
	return d, found
}

// Codes returns the codes that have a [Definition], in alphabetical order.
func Codes() []Code { return slices.Sorted(maps.Keys(definitions)) }
