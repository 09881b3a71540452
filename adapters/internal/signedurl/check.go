package signedurl

import (
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var errNoKey = domain.Invalidf("filename", "an object has a name")

// CheckUpload returns a [domain.Invalid] error for an upload that no store could
// sign.
func CheckUpload(key domain.ObjectKey, u ports.Upload) error {
	if key.IsZero() {
		return errNoKey
	}
	return u.Validate()
}

// CheckDownload returns a [domain.Invalid] error for a download that no store could
// sign.
func CheckDownload(key domain.ObjectKey, d ports.Download) error {
	if key.IsZero() {
		return errNoKey
	}
	return d.Validate()
}
