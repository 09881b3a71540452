package s3

import (
	"context"
	"strings"

	"github.com/partywall-go/partywall/ports"
)

// probe returns a probe of the bucket with the credentials of this process.
func (e *examination) probe(ctx context.Context) (*probe, error) {
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

func (e *examination) isolation(ctx context.Context) (ports.Finding, error) {
	p, err := e.probe(ctx)
	if err != nil {
		return ports.Finding{}, err
	}
	found, err := tryIsolation(ctx, p)
	switch {
	case err != nil:
		return ports.Finding{}, err
	case found.breach != "":
		return ports.Fail(found.breach, "use a store of the list in docs/production.md, or one that passes this check"), nil
	case found.guarded:
		return ports.Fine("a signed URL opens one file; the server obeys unsigned headers, so uploads are signed against " + guard), nil
	}
	return ports.Fine("a signed URL opens one file"), nil
}

func (e *examination) promises(ctx context.Context) (ports.Finding, error) {
	p, err := e.probe(ctx)
	if err != nil {
		return ports.Finding{}, err
	}
	breaches, err := tryPromises(ctx, p)
	switch {
	case err != nil:
		return ports.Finding{}, err
	case len(breaches) > 0:
		return ports.Warn(strings.Join(breaches, "; "), "upgrade the store, or use another of the list in docs/production.md; until then, don't rely on these"), nil
	}
	return ports.Fine("the store insists on what was signed"), nil
}
