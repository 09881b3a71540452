package pg

import (
	"crypto/x509"
	"errors"

	"github.com/partywall-go/partywall/adapters/internal/pgwire"
)

// TLSAdvice returns what the operator does about err, a failure of TLS, or "" where err
// says that itself.
func TLSAdvice(err error) string {
	if errors.Is(err, pgwire.ErrNoTLS) {
		return "turn TLS on in the server (ssl = on, with a certificate), or let Partywall connect over a Unix socket"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "renew the server's certificate, or set the clock of this machine, if that is wrong"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "set DB_HOST to a name that is in the server's certificate"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		return ""
	}
	return "set DB_SSLROOTCERT to the authority's certificates; for RDS: curl -O https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
}
