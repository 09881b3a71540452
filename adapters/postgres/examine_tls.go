package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/ports"
)

// tlsMode judges the configuration alone, so that it's told also while the server
// can't be reached.
func (e *examination) tlsMode(context.Context) (ports.Finding, error) {
	const mend = "set DB_SSLMODE=verify-full, and DB_SSLROOTCERT to the authority's certificates (RDS: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem)"
	switch mode := pq.SSLMode(e.cfg.SSLMode); {
	case mode == pq.SSLModeVerifyFull:
		return ports.Fine("DB_SSLMODE=verify-full"), nil
	case onLoopback(e.cfg.Host):
		return ports.Fine(fmt.Sprintf("DB_SSLMODE=%s, on this machine", mode)), nil
	case mode == pq.SSLModeDisable:
		return ports.Fail(fmt.Sprintf("passwords and tenants' data go to %s in the open: DB_SSLMODE=disable", e.cfg.Host), mend), nil
	default:
		return ports.Warn(fmt.Sprintf("DB_SSLMODE=%s doesn't make sure that it is %s that answers", mode, e.cfg.Host), mend), nil
	}
}

func onLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// isTLS reports whether there is no safe connection, though a server answers.
func isTLS(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, wrongName := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return untrusted || unknown || wrongName || invalid || errors.Is(err, pq.ErrSSLNotSupported)
}

const month = 30 * 24 * time.Hour

// certificate tells how long the server's certificate is good.
func (e *examination) certificate(ctx context.Context) (ports.Finding, error) {
	if e.cfg.SSLMode == string(pq.SSLModeDisable) {
		return ports.Fine("DB_SSLMODE asks for no certificate"), nil
	}
	cert, err := e.serverCertificate(ctx)
	if err != nil {
		return ports.Finding{}, err
	}
	const mend = "renew the server's certificate; on RDS: aws rds modify-db-instance --db-instance-identifier NAME --ca-certificate-identifier rds-ca-rsa2048-g1 --apply-immediately"
	until := cert.NotAfter.UTC().Format(time.DateOnly)
	switch left := cert.NotAfter.Sub(e.now()); {
	case left <= 0:
		return ports.Fail("the server's certificate was good until "+until, mend), nil
	case left < month:
		return ports.Warn("the server's certificate is good until "+until+" only", mend), nil
	}
	return ports.Fine("the certificate is good until " + until), nil
}

// serverCertificate asks the server for TLS as "Message Flow, SSL Session
// Encryption" in PostgreSQL's manual says, and goes no further.
func (e *examination) serverCertificate(ctx context.Context) (*x509.Certificate, error) {
	wire, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(e.cfg.Host, strconv.Itoa(e.cfg.Port)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = wire.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = wire.SetDeadline(longAgo) })
	defer stop()
	sslRequest := []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}
	if _, err := wire.Write(sslRequest); err != nil {
		return nil, err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(wire, answer); err != nil {
		return nil, err
	}
	if answer[0] != 'S' {
		return nil, errors.New("the server knows no TLS")
	}
	// The certificate is looked at, and nothing is told to whoever shows it.
	secure := tls.Client(wire, &tls.Config{ServerName: e.cfg.Host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secure.ConnectionState().PeerCertificates[0], nil
}
