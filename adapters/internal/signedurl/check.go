package signedurl

import (
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var errNoKey = domain.Invalidf("filename", "an object has a name")

// CheckUpload refuses, as [domain.Invalid], what no store could sign.
func CheckUpload(key domain.ObjectKey, u ports.Upload) error {
	if key.IsZero() {
		return errNoKey
	}
	return u.Validate()
}

// CheckDownload refuses, as [domain.Invalid], what no store could sign.
func CheckDownload(key domain.ObjectKey, d ports.Download) error {
	if key.IsZero() {
		return errNoKey
	}
	return d.Validate()
}
