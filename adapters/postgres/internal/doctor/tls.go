package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/internal/pgwire"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// tlsMode judges the configuration alone, so that it reports also while the server
// can't be reached.
func (c *checker) tlsMode(context.Context) (doctor.Finding, error) {
	const fix = "set DB_SSLMODE=verify-full, and DB_SSLROOTCERT to the authority's certificates (RDS: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem)"
	switch mode := pq.SSLMode(c.cfg.SSLMode); {
	case pg.OnSocket(c.cfg.Host):
		return doctor.Pass("a Unix socket on this machine, which needs no TLS"), nil
	case mode == pq.SSLModeVerifyFull:
		return doctor.Pass("DB_SSLMODE=verify-full"), nil
	case domain.IsLoopback(c.cfg.Host):
		return doctor.Pass(fmt.Sprintf("DB_SSLMODE=%s, on this machine", mode)), nil
	case mode == pq.SSLModeDisable:
		return doctor.Fail(fmt.Sprintf("passwords and tenants' data go to %s in the open: DB_SSLMODE=disable", c.cfg.Host), fix), nil
	default:
		return doctor.Warn(fmt.Sprintf("DB_SSLMODE=%s doesn't make sure that it is %s that answers", mode, c.cfg.Host), fix), nil
	}
}

// isTLS reports whether there is no safe connection, though a server answers.
func isTLS(err error) bool {
	_, ok := errors.AsType[*pgwire.TLSFailure](err)
	return ok
}

const month = 30 * 24 * time.Hour

// certificate reports how long the server's certificate is good.
func (c *checker) certificate(ctx context.Context) (doctor.Finding, error) {
	if !c.cfg.Server().Encrypts() {
		return doctor.Pass("DB_SSLMODE asks for no certificate"), nil
	}
	cert, err := c.serverCertificate(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	const fix = "renew the server's certificate; on RDS: aws rds modify-db-instance --db-instance-identifier NAME --ca-certificate-identifier rds-ca-rsa2048-g1 --apply-immediately"
	until := cert.NotAfter.UTC().Format(time.DateOnly)
	switch left := cert.NotAfter.Sub(c.now()); {
	case left <= 0:
		return doctor.Fail("the server's certificate was good until "+until, fix), nil
	case left < month:
		return doctor.Warn("the server's certificate is good until "+until+" only", fix), nil
	}
	return doctor.Pass("the certificate is good until " + until), nil
}

// serverCertificate asks the server for TLS, and goes no further.
func (c *checker) serverCertificate(ctx context.Context) (*x509.Certificate, error) {
	network, address := c.cfg.Server().NetworkAddress()
	bare, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = bare.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = bare.SetDeadline(pg.LongAgo) })
	defer stop()
	if err := pgwire.RequestTLS(bare); err != nil {
		return nil, err
	}
	// The certificate is looked at, and nothing is sent to the server that shows it.
	secure := tls.Client(bare, &tls.Config{ServerName: c.cfg.Host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secure.ConnectionState().PeerCertificates[0], nil
}
