package s3

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// probe returns a probe of the bucket with the credentials of this process.
func (e *checker) probe(ctx context.Context) (*probe, error) {
	where, err := resolve(ctx, e.client.Options(), e.bucket)
	if err != nil {
		return nil, err
	}
	creds, err := e.client.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	return newProbe(e.client, e.bucket, &presigner{endpoint: where}, creds, e.now), nil
}

func (e *checker) isolation(ctx context.Context) (doctor.Finding, error) {
	p, err := e.probe(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	found, err := tryIsolation(ctx, p)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case found.breach != "":
		return doctor.Fail(found.breach, "use a store of the list in docs/production.md, or one that passes this check"), nil
	case found.guarded:
		return doctor.Pass("a signed URL opens one file; the server obeys unsigned headers, so uploads are signed against " + guard), nil
	}
	return doctor.Pass("a signed URL opens one file"), nil
}

func (e *checker) promises(ctx context.Context) (doctor.Finding, error) {
	p, err := e.probe(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	breaches, err := tryPromises(ctx, p)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case len(breaches) > 0:
		return doctor.Warn(strings.Join(breaches, "; "), "upgrade the store, or use another one from the list in docs/production.md; until then, do not rely on these promises"), nil
	}
	return doctor.Pass("the store insists on what was signed"), nil
}

// publicEndpoint requests an absent object at the address that clients use. A proxy that
// changes the host or the path breaks the signature.
func (e *checker) publicEndpoint(ctx context.Context) (doctor.Finding, error) {
	if e.cfg.PublicEndpoint == nil {
		return doctor.Pass("clients reach the bucket where this process does"), nil
	}
	p, err := e.probe(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	at := e.cfg.PublicEndpoint.Redacted()
	options := e.client.Options()
	options.BaseEndpoint = aws.String(e.cfg.PublicEndpoint.String())
	if p.presigner.endpoint, err = resolve(ctx, options, e.bucket); err != nil {
		return doctor.Fail(at+" cannot be the bucket's address: "+awscalls.OneLine(err), "set S3_PUBLIC_ENDPOINT to a URL such as https://files.example.com, and S3_FORCE_PATH_STYLE=true if the path contains the bucket"), nil
	}
	got, err := p.send(ctx, http.MethodGet, p.url(http.MethodGet, "absent"), "")
	switch {
	case err != nil && got.status == 0:
		return doctor.Warn(at+" cannot be reached from this machine: "+awscalls.OneLine(err), "check from a client's machine that it leads to the store, or set S3_PUBLIC_ENDPOINT to the address that does"), nil
	case err == nil && got.status == http.StatusNotFound && isOpen(e.cfg.PublicEndpoint):
		return doctor.Warn("signed URLs go to "+at+" in the open, where others can read and use them", "serve it by https, and set S3_PUBLIC_ENDPOINT to the https address"), nil
	case err == nil && got.status == http.StatusNotFound:
		return doctor.Pass("URLs signed for " + at + " are understood there"), nil
	}
	return doctor.Fail(fmt.Sprintf("%s answers %d to a signed URL", at, got.status), "have the proxy there leave the Host header and the path as they are, or set S3_PUBLIC_ENDPOINT to the store's own address"), nil
}

// isOpen reports whether requests to u leave this machine without TLS.
func isOpen(u *url.URL) bool {
	return u.Scheme == "http" && !domain.IsLoopback(u.Hostname())
}
