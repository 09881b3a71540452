package pgwire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// Encrypts reports whether connections are encrypted. PostgreSQL has no TLS on Unix
// sockets, so DB_SSLMODE has no effect there.
func (s Server) Encrypts() bool {
	return !s.OnSocket() && s.SSLMode != string(pq.SSLModeDisable)
}

// verified reports whether the way to the server proves that it is the right one: a
// Unix socket in a folder, which the folder's owner protects, or a certificate for
// its name or of an authority of its own. A name in the abstract namespace has no
// owner: any process may listen there while the server does not.
func (s Server) verified() bool {
	switch {
	case s.OnSocket():
		return filepath.IsAbs(s.Host)
	case !s.Encrypts():
		return false
	}
	return s.SSLMode == string(pq.SSLModeVerifyFull) || s.authorities() != ""
}

// tlsConfig returns how a connection is encrypted, by libpq's rules: require and
// verify-ca do not check the name in a certificate; require does not even check who
// signed it, unless authorities are given.
func (s Server) tlsConfig() (*tls.Config, error) {
	settings := &tls.Config{
		ServerName: s.Host,                 // as SNI, which leaves addresses out
		NextProtos: []string{"postgresql"}, // PostgreSQL 17 and later agree on it
		MinVersion: tls.VersionTLS12,
	}
	authorities := s.authorities()
	if authorities != "" {
		file, err := os.ReadFile(authorities)
		if err != nil {
			return nil, &TLSFailure{err}
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(file) {
			return nil, &TLSFailure{fmt.Errorf("%s has no certificate in PEM", authorities)}
		}
	}
	if s.SSLMode != string(pq.SSLModeVerifyFull) {
		settings.InsecureSkipVerify = true // replaced by verifyChain if verification is required
		if s.SSLMode == string(pq.SSLModeVerifyCA) || authorities != "" {
			settings.VerifyConnection = verifyChain(settings.RootCAs)
		}
	}
	return settings, presentCertificate(settings)
}

// verifyChain accepts certificates of the authorities, whatever their names.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		shown := state.PeerCertificates
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range shown[1:] {
			options.Intermediates.AddCert(cert)
		}
		if _, err := shown[0].Verify(options); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: shown, Err: err}
		}
		return nil
	}
}

// authorities returns the file of the authorities that may sign the server's
// certificate: the configured one, or libpq's, ~/.postgresql/root.crt, if it exists.
// Empty means the system's.
func (s Server) authorities() string {
	if s.SSLRootCert != "" {
		return s.SSLRootCert
	}
	return libpqFile("root.crt")
}

// presentCertificate makes the client show the certificate that libpq shows, for
// servers that ask for one: ~/.postgresql/postgresql.crt, if it exists.
func presentCertificate(settings *tls.Config) error {
	file := libpqFile("postgresql.crt")
	if file == "" {
		return nil
	}
	key := filepath.Join(filepath.Dir(file), "postgresql.key")
	info, err := os.Stat(key)
	switch {
	case err != nil:
		return &TLSFailure{err}
	case info.Mode().Perm()&0o027 != 0:
		return &TLSFailure{fmt.Errorf("%s may be read or written by other users; if none has, run: chmod 600 %s", key, ownfile.ShellWord(key))}
	}
	cert, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		return &TLSFailure{err}
	}
	settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	return nil
}

// libpqFile returns the path of a file of libpq's folder, or "" if it does not exist.
func libpqFile(name string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	path := filepath.Join(home, ".postgresql", name)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return ""
	}
	return path
}
