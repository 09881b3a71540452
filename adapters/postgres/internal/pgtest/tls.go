package pgtest

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

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
)

// Authority signs the certificates of servers.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	File string // its own certificate, in PEM
}

// Sign returns a certificate and its key for the server at address, as one file. The
// certificate is good for an hour.
func (a *Authority) Sign(t *testing.T, address string) []byte {
	t.Helper()
	return a.SignUntil(t, address, time.Now().Add(time.Hour))
}

// SignUntil is [Authority.Sign] for a certificate that is good until another time.
func (a *Authority) SignUntil(t *testing.T, address string, until time.Time) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: until, IPAddresses: []net.IP{net.ParseIP(address)}}
	key := domain.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	cert := domain.Must(x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key))
	return append(encodePEM("CERTIFICATE", cert), encodePEM("PRIVATE KEY", domain.Must(x509.MarshalPKCS8PrivateKey(key)))...)
}

// NewAuthority returns an authority that is good for an hour.
func NewAuthority(t *testing.T) *Authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key := domain.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := domain.Must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	a := &Authority{key, domain.Must(x509.ParseCertificate(der)), filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(a.File, encodePEM("CERTIFICATE", der), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// ServeTLS restarts the server so that it shows the certificate in file.
func ServeTLS(t *testing.T, server *embeddedpg.Server, file []byte) {
	t.Helper()
	path := filepath.Join(server.Dir, "tls.pem")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	owner := domain.Must(os.Stat(server.Dir)).Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	db := Login(t, postgres.Config{Host: server.Host, Port: server.Port, Database: "postgres"}, "postgres", server.SuperuserPassword)
	for _, statement := range []string{`ALTER SYSTEM SET ssl_cert_file = 'tls.pem'`, `ALTER SYSTEM SET ssl_key_file = 'tls.pem'`, `ALTER SYSTEM SET ssl = on`} {
		Execute(t, db, statement)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}
