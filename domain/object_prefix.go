package domain

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// ObjectPrefix selects the files of a tenant whose names start with a text. The zero
// ObjectPrefix selects nothing.
type ObjectPrefix struct {
	tenant TenantID
	text   string
}

// NewObjectPrefix converts text to Unicode NFC and makes it a prefix of tenant's file
// names. It accepts the empty text, which all names start with, a file name, and a file
// name with a "/" behind it. Anything else is [Invalid] on field "prefix".
func NewObjectPrefix(tenant TenantID, text string) (ObjectPrefix, error) {
	if tenant.IsZero() {
		return ObjectPrefix{}, Invalidf("tenantId", "files belong to a tenant")
	}
	if text != "" {
		if reason := refuseFilename(strings.TrimSuffix(text, "/")); reason != "" {
			return ObjectPrefix{}, Invalidf("prefix", "%s", reason)
		}
	}
	prefix := ObjectPrefix{tenant, norm.NFC.String(text)}
	if len(prefix.String()) > maxObjectKeyLen {
		return ObjectPrefix{}, Invalidf("prefix", "the tenant ID and the prefix together have at most %d bytes", maxObjectKeyLen-1)
	}
	return prefix, nil
}

// String returns how the keys of the selected files start: "{tenantId}/{text}".
func (p ObjectPrefix) String() string {
	if p.IsZero() {
		return ""
	}
	return p.tenant.slug + "/" + p.text
}

// Tenant returns the tenant that the files belong to.
func (p ObjectPrefix) Tenant() TenantID { return p.tenant }

// Selects reports whether p selects the file of key.
func (p ObjectPrefix) Selects(key ObjectKey) bool {
	return !p.IsZero() && key.tenant == p.tenant && strings.HasPrefix(key.filename, p.text)
}

// IsZero reports whether p selects nothing.
func (p ObjectPrefix) IsZero() bool { return p == ObjectPrefix{} }
