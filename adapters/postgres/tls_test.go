package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/private"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

func TestTheServersCertificateComesFromTheAuthority(t *testing.T) {
	t.Parallel()
	secure, err := private.StartTemporary(t.Context(), private.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = secure.Close() })
	cfg := postgres.Config{Host: "127.0.0.1", Port: secure.Port, User: secure.User, Password: secure.Password, Database: "tls"}
	ours, theirs := newAuthority(t), newAuthority(t)

	attempt := func(cfg postgres.Config) error {
		return postgres.Setup(t.Context(), cfg, func(string) {})
	}
	serveTLS(t, secure, ours.sign(t, "127.0.0.1"))
	cfg.SSLRootCert = ours.file
	if err := attempt(cfg); err != nil {
		t.Fatalf("verify-full, the default, with the right authority: %v", err)
	}
	db := reopen(t, cfg)
	if got := query[bool](t, ownConn(t, db), `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`); !got {
		t.Error("the connection isn't encrypted")
	}
	cfg.SSLRootCert = theirs.file
	mustBe(t, attempt(cfg), postgres.CodeLoginRefused)
	cfg.SSLRootCert = ""
	mustBe(t, attempt(cfg), postgres.CodeLoginRefused)

	serveTLS(t, secure, ours.sign(t, "127.0.0.2"))
	cfg.SSLRootCert = ours.file
	mustBe(t, attempt(cfg), postgres.CodeLoginRefused)
	cfg.SSLMode = "verify-ca"
	if err := attempt(cfg); err != nil {
		t.Errorf("verify-ca asks for no name: %v", err)
	}
}

// authority signs the certificates of servers.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key := domain.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := domain.Must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	a := &authority{key, domain.Must(x509.ParseCertificate(der)), filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(a.file, encodePEM("CERTIFICATE", der), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign returns a certificate and its key for the server at address, as one file.
func (a *authority) sign(t *testing.T, address string) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(address)}}
	key := domain.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	cert := domain.Must(x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key))
	return append(encodePEM("CERTIFICATE", cert), encodePEM("PRIVATE KEY", domain.Must(x509.MarshalPKCS8PrivateKey(key)))...)
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// serveTLS has the server show a certificate from now on.
func serveTLS(t *testing.T, server *private.Server, file []byte) {
	t.Helper()
	path := filepath.Join(server.Dir, "tls.pem")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	owner := domain.Must(os.Stat(server.Dir)).Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	db := login(t, postgres.Config{Host: server.Host, Port: server.Port, Database: "postgres"}, "postgres", server.SuperuserPassword)
	for _, statement := range []string{`ALTER SYSTEM SET ssl_cert_file = 'tls.pem'`, `ALTER SYSTEM SET ssl_key_file = 'tls.pem'`, `ALTER SYSTEM SET ssl = on`} {
		execute(t, db, statement)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}
