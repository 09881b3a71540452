package domain

import "slices"

// TenantID names a tenant in paths, object keys and schema names. Its zero value
// names no tenant. Build one with [ParseTenantID]: a TenantID that exists is valid.
type TenantID struct{ slug string }

const (
	minTenantIDLen = 2
	maxTenantIDLen = 48 // leaves room for the schema and role prefixes in PostgreSQL's 63 bytes
)

// ParseTenantID accepts 2 to 48 of a-z, 0-9 and '-', starting with a letter and
// not ending with '-'. Anything else is an [Invalid] error on field "tenantId".
func ParseTenantID(s string) (TenantID, error) {
	if s == "" {
		return TenantID{}, TenantID{}.Require()
	}
	if len(s) < minTenantIDLen || len(s) > maxTenantIDLen {
		return TenantID{}, errMalformedTenantID()
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
		case i > 0 && '0' <= c && c <= '9':
		case i > 0 && i < len(s)-1 && c == '-':
		default:
			return TenantID{}, errMalformedTenantID()
		}
	}
	return TenantID{s}, nil
}

func errMalformedTenantID() error {
	return Invalidf("tenantId", "a tenant ID has %d to %d characters of a-z, 0-9 and '-', starts with a letter and does not end with '-'", minTenantIDLen, maxTenantIDLen)
}

// String returns the ID as it was parsed, and "" for the zero TenantID.
func (id TenantID) String() string { return id.slug }

// IsZero reports whether id names no tenant.
func (id TenantID) IsZero() bool { return id == TenantID{} }

// Require returns an [Invalid] error on field "tenantId" for the zero TenantID.
func (id TenantID) Require() error {
	if id.IsZero() {
		return Invalidf("tenantId", "a tenant ID is required")
	}
	return nil
}

// reservedIDs would be confused with a host name, a path or a schema of our own.
var reservedIDs = []string{
	"account", "accounts", "admin", "administrator", "api", "app", "assets", "auth", "autoconfig", "autodiscover",
	"billing", "blog", "cdn", "console", "dashboard", "dev", "dns", "docs", "ext", "files", "ftp", "git", "healthz",
	"help", "host", "id", "imap", "info", "internal", "invitations", "local", "localhost", "login", "logout", "mail",
	"me", "metrics", "mx", "new", "ns", "ns1", "ns2", "null", "oauth", "operator", "partywall", "pop", "postgres",
	"postmaster", "private", "public", "readyz", "root", "security", "self", "shared", "signin", "signup", "smtp",
	"sso", "staging", "static", "status", "support", "system", "template", "tenant", "tenants", "test", "undefined",
	"user", "users", "webmail", "webmaster", "wpad", "www", "www1", "www2",
}

// IsReserved reports whether id is a valid name that is never given to a tenant: one
// of ours, or one that a browser would show as another name, such as xn--pple-43d
// (RFC 5890, section 2.3.1).
func (id TenantID) IsReserved() bool {
	return slices.Contains(reservedIDs, id.slug) || len(id.slug) >= 4 && id.slug[2:4] == "--"
}
