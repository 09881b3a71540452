package domain

// Code is the stable name of an error, for programs to compare. Codes are part
// of the API: they are added, never changed. A Code is an error itself, so that
// errors.Is(err, domain.CodeUserExists) asks for it.
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// The codes that say more than a [Kind] does.
const (
	CodeTenantRequired      Code = "tenant_required"      // the caller has several tenants, or none, and named none
	CodeTenantNotFound      Code = "tenant_not_found"     // unknown, suspended, or not the caller's
	CodeTenantExists        Code = "tenant_exists"        // the ID is taken
	CodeTenantReserved      Code = "tenant_reserved"      // the ID is never given out
	CodeTenantUpgrading     Code = "tenant_upgrading"     // the tenant's schema is older than the program; the other tenants are served
	CodeTenantQuota         Code = "tenant_quota"         // the owner has as many tenants as one may own
	CodeClaimInvalid        Code = "claim_invalid"        // unknown, spent or expired claim, or another tenant's
	CodeMemberNotFound      Code = "member_not_found"     // the tenant has no such member
	CodeRoleTooLow          Code = "role_too_low"         // a member changes or grants a role above their own
	CodeLastOwner           Code = "last_owner"           // a tenant keeps one owner at least
	CodeIdempotencyMismatch Code = "idempotency_mismatch" // the key was used with another body

	CodeInvalidToken       Code = "invalid_token" // RFC 6750, section 3.1
	CodeInvalidCredentials Code = "invalid_credentials"
	CodeUserExists         Code = "user_exists"
	CodeUserNotConfirmed   Code = "user_not_confirmed"
	CodePasswordReset      Code = "password_reset_required"
	CodePasswordPolicy     Code = "password_policy"
	CodeCodeInvalid        Code = "code_invalid" // wrong, spent or expired confirmation code
	CodeChallengeInvalid   Code = "challenge_invalid"
	CodeRefreshInvalid     Code = "refresh_invalid"
	CodeRefreshReused      Code = "refresh_reused" // a token that was exchanged before: its whole family has ended
	CodeSignUpRefused      Code = "sign_up_refused"

	CodeIdentityProviderUnavailable Code = "identity_provider_unavailable"
	CodeDatabaseUnavailable         Code = "database_unavailable"
	CodeObjectStoreUnavailable      Code = "object_store_unavailable"
)
