package domain

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ObjectKey names a tenant's file in the object store: "{tenantId}/{filename}".
// The zero ObjectKey names nothing.
type ObjectKey struct {
	tenant   TenantID
	filename string
}

const maxObjectKeyLen = 1024 // Amazon S3 User Guide, "Naming Amazon S3 objects"

// NewObjectKey converts filename to Unicode NFC and makes it a key of tenant. It
// refuses, as [Invalid] on field "filename", a name that is empty or absolute, has an
// empty, "." or ".." segment, a backslash, a control character or invalid UTF-8, or
// makes a key of more than 1,024 bytes.
func NewObjectKey(tenant TenantID, filename string) (ObjectKey, error) {
	if tenant.IsZero() {
		return ObjectKey{}, Invalidf("tenantId", "a file belongs to a tenant")
	}
	if reason := refuseFilename(filename); reason != "" {
		return ObjectKey{}, Invalidf("filename", "%s", reason)
	}
	key := ObjectKey{tenant, norm.NFC.String(filename)}
	if len(key.String()) > maxObjectKeyLen {
		return ObjectKey{}, Invalidf("filename", "the tenant ID and the file name together have at most %d bytes", maxObjectKeyLen-1)
	}
	return key, nil
}

// refuseFilename returns why no file can have the name, or "". [NewObjectPrefix] also
// calls it, because a prefix of names is a name itself.
func refuseFilename(name string) string {
	switch {
	case name == "":
		return "a file name is not empty"
	case !utf8.ValidString(name):
		return "a file name is valid UTF-8"
	case strings.HasPrefix(name, "/"):
		return "a file name is relative: it does not start with '/'"
	case strings.Contains(name, `\`):
		return `a file name has no backslash; folders are separated by '/'`
	case strings.ContainsFunc(name, unicode.IsControl):
		return "a file name has no control characters"
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case "":
			return "a file name has no empty segment: no '//' and no '/' at its end"
		case ".", "..":
			return "a file name has no '.' or '..' segment"
		}
	}
	return ""
}

// ParseObjectKey reads what [ObjectKey.String] wrote. A key that is not in NFC, or
// breaks any other rule of [NewObjectKey], is an [Invalid] error.
func ParseObjectKey(s string) (ObjectKey, error) {
	slug, filename, _ := strings.Cut(s, "/")
	tenant, err := ParseTenantID(slug)
	if err != nil {
		return ObjectKey{}, err
	}
	key, err := NewObjectKey(tenant, filename)
	if err != nil {
		return ObjectKey{}, err
	}
	if key.filename != filename {
		return ObjectKey{}, Invalidf("filename", "a key is in Unicode NFC")
	}
	return key, nil
}

// String returns the key, unescaped.
func (k ObjectKey) String() string {
	if k.IsZero() {
		return ""
	}
	return k.tenant.slug + "/" + k.filename
}

// Tenant returns the tenant that the file belongs to.
func (k ObjectKey) Tenant() TenantID { return k.tenant }

// Filename returns the key within its tenant, in NFC.
func (k ObjectKey) Filename() string { return k.filename }

// Base returns the last segment of the file name.
func (k ObjectKey) Base() string { return path.Base(k.filename) }

// IsZero reports whether the key names nothing.
func (k ObjectKey) IsZero() bool { return k == ObjectKey{} }
