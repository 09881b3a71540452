package app

import (
	"net/http"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/local"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/ports"
)

// objects is what an object store comes to.
type objects struct {
	store   ports.ObjectStore
	ready   ports.Dependency
	handler http.Handler // serves the bytes; nil where somebody else does
}

func (p *Partywall) openObjects(secrets *local.Keys, cloud aws.Config) (objects, error) {
	base := p.config.PublicURL.JoinPath("/local/objects/")
	switch {
	case p.config.Memory:
		store := &memory.Objects{Base: base}
		p.describe("files", "memory: gone when the program ends", true)
		return objects{store, store, store}, nil
	case p.config.S3.Bucket == "":
		dir := filepath.Join(p.config.DataDir, "objects")
		store, err := local.OpenObjects(dir, secrets.URLSecret(), base)
		if err != nil {
			return objects{}, err
		}
		p.closes(store.Close)
		p.describe("files", "on disk, in "+dir, true)
		return objects{store, store, store}, nil
	}
	store, err := s3.New(p.s3Config(cloud))
	if err != nil {
		return objects{}, err
	}
	p.describe("files", "S3, bucket "+p.config.S3.Bucket, false)
	return objects{store, store, nil}, nil
}

func (p *Partywall) s3Config(cloud aws.Config) s3.Config {
	return s3.Config{Bucket: p.config.S3.Bucket, PathStyle: p.config.S3.ForcePathStyle, AWS: cloud}
}
