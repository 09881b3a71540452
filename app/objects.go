package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/archive"
	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/ports"
)

// objects contains what an object store supplies.
type objects struct {
	signer  ports.ObjectSigner
	store   archive.Objects
	purger  allObjects
	ready   ports.Dependency
	handler http.Handler // serves the bytes; nil if another server does
}

func (p *Partywall) openObjects(ctx context.Context, secrets *idp.Keys, cloud aws.Config) (objects, error) {
	base := p.config.PublicURL.JoinPath("/local/objects/")
	switch {
	case p.config.Memory:
		store := &memory.Objects{Base: base}
		p.describe("files", "memory: lost when the program ends", true)
		return objects{store, store, store, store, store}, nil
	case p.config.S3.Bucket == "":
		dir := p.config.objectsDir()
		store, err := disk.Open(dir, secrets.URLSecret(), base)
		if err != nil {
			return objects{}, err
		}
		p.closes(store.Close)
		p.describe("files", "on disk, in "+dir, true)
		return objects{store, store, store, store, store}, nil
	}
	store, err := s3.New(p.s3Config(cloud))
	if err != nil {
		return objects{}, err
	}
	if err := p.proveIsolation(ctx, store); err != nil {
		return objects{}, err
	}
	p.describe("files", "S3, bucket "+p.config.S3.Bucket, false)
	return objects{store, store, store, store, nil}, nil
}

// objectsDir is the folder of the store on disk.
func (c Config) objectsDir() string { return filepath.Join(c.DataDir, "objects") }

// proofPatience is how long a start waits for an object store that cannot be reached.
const proofPatience = 10 * time.Second

// proveIsolation refuses a server that does not keep tenants' files apart. A server that
// cannot be tested now is tested again before the first URL is signed.
func (p *Partywall) proveIsolation(ctx context.Context, store *s3.Store) error {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	err := store.Prove(ctx)
	if errors.Is(err, s3.ErrNotIsolated) {
		cause := errors.Unwrap(err) // without the text for callers
		return fmt.Errorf("S3_BUCKET_NAME=%s: %w; use a store that does (docs/production.md lists some), or start with --without-file-isolation (Config.S3.WithoutIsolation) to accept that", p.config.S3.Bucket, cause)
	}
	if err != nil {
		p.config.logger().Warn("cannot try the object store yet; no file URL is signed until it can be", "error", err)
	}
	return nil
}

func (p *Partywall) s3Config(cloud aws.Config) s3.Config {
	c := p.config.S3
	cloud.Region = cmp.Or(c.Region, cloud.Region)
	return s3.Config{Bucket: c.Bucket, PathStyle: c.ForcePathStyle, PublicEndpoint: c.PublicEndpoint, WithoutIsolation: c.WithoutIsolation, AWS: cloud}
}
