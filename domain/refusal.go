package domain

// refusals has, for each code whose errors are always of one kind and about one
// field, these and the usual text.
var refusals = map[Code]Error{
	CodeTenantNotFound: {Kind: NotFound, Message: "there is no such tenant, or you aren't a member of it"},
	CodeTenantExists:   {Kind: Conflict, Field: "tenantId", Message: "this tenant ID is taken; choose another"},
	CodeTenantReserved: {Kind: Invalid, Field: "tenantId", Message: "this tenant ID is reserved; choose another"},
	CodeTenantRequired: {Kind: Invalid, Field: "X-Tenant-ID", Message: "name a tenant in X-Tenant-ID: only a member of exactly one tenant may leave it out"},
	CodeTenantQuota:    {Kind: Conflict, Message: "you own as many tenants as one user may; hand one over first, or ask the operator"},
	CodeClaimInvalid: {Kind: Invalid, Field: "claimToken", Message: "the claim token is unknown, used, expired, or another tenant's; " +
		"an ID that is not claimed in time is free again, and can then be created anew"},
	CodeUserExists: {Kind: Conflict, Field: "email", Message: "there is an account with this e-mail address; sign in, reset its password, " +
		"or, if it is not confirmed yet, ask for another code"},
	CodeUserNotConfirmed:    {Kind: Forbidden, Message: "the e-mail address is not confirmed yet; confirm it with the code that was sent to it, or ask for another"},
	CodePasswordReset:       {Kind: Forbidden, Message: "the password has to be reset before signing in; ask for a code to reset it"},
	CodeMemberNotFound:      {Kind: NotFound, Field: "sub", Message: "the tenant has no such member; name one of its members"},
	CodeRoleTooLow:          {Kind: Forbidden, Field: "role", Message: "this changes or grants a role above your own; ask a member whose role is high enough"},
	CodeLastOwner:           {Kind: Conflict, Field: "role", Message: "a tenant keeps at least one owner; make another member an owner first"},
	CodeInvalidToken:        {Kind: Unauthenticated, Message: "the access token is invalid or has expired; sign in again"},
	CodeInvalidCredentials:  {Kind: Unauthenticated, Message: "the address or the password is wrong"},
	CodeChallengeInvalid:    {Kind: Unauthenticated, Message: "the answer or its session is wrong or has expired; sign in again"},
	CodeRefreshInvalid:      {Kind: Unauthenticated, Message: "the refresh token is invalid, expired or revoked; sign in again"},
	CodeRefreshReused:       {Kind: Unauthenticated, Message: "the refresh token was used before, so its session has ended; sign in again"},
	CodeSignUpRefused:       {Kind: Unprocessable, Message: "the sign-up was refused by the rules of this service"},
	CodeCodeInvalid:         {Kind: Invalid, Field: "code", Message: "the code is wrong, was used before, or has expired; ask for a new one"},
	CodeIdempotencyMismatch: {Kind: Unprocessable, Field: "Idempotency-Key", Message: "this Idempotency-Key was used for another request; choose another"},
}

// NewError returns the usual error of a code: its kind, its field and its message,
// which the caller may change. A code that [Refusal] does not know gives an
// [Internal] error of that code.
func NewError(code Code) *Error {
	e := refusals[code]
	e.Code = code
	return &e
}

// Refusal reports the kind and the field of every error with the code, wherever it
// comes from. It reports false for a code whose errors differ.
func Refusal(code Code) (kind Kind, field string, fixed bool) {
	e, fixed := refusals[code]
	return e.Kind, e.Field, fixed
}
