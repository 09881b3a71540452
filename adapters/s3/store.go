// Package s3 keeps objects in a bucket of Amazon S3 or of a compatible server.
package s3

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Config selects the bucket and the way to reach it.
type Config struct {
	Bucket    string
	PathStyle bool             // the path contains the bucket's name, not the host, as most emulators require
	AWS       aws.Config       // region, credentials and endpoint
	Now       func() time.Time // nil: time.Now

	// PublicEndpoint is the address at which the bearers of signed URLs reach the server.
	// If nil, it is the address that AWS configures for this process.
	PublicEndpoint *url.URL

	// WithoutIsolation also signs URLs if the server was not shown to protect one
	// tenant's files from the bearers of other tenants' URLs; see [Store.Prove].
	WithoutIsolation bool
}

// Store is a [ports.ObjectSigner], a [ports.ObjectStore] and a [ports.ObjectPurger] on a
// bucket, and a [ports.Dependency].
//
// Its credentials need s3:GetObject, s3:PutObject and s3:DeleteObject on the
// bucket's objects, and s3:ListBucket on the bucket. Without the last, S3's answers
// do not distinguish an absent object from a forbidden one. To purge tenants, they also
// need s3:DeleteObjectVersion and s3:AbortMultipartUpload on the objects, and
// s3:ListBucketVersions and s3:ListBucketMultipartUploads on the bucket.
//
// A server other than Amazon's is tested before the first URL is signed for it,
// see [Store.Prove].
type Store struct {
	bucket      string
	client      *s3.Client
	own         endpoint // the bucket's address for this process
	presigner   presigner
	credentials aws.CredentialsProvider
	now         func() time.Time
	isolation   isolation
}

var (
	_ ports.ObjectSigner  = (*Store)(nil)
	_ ports.ObjectStore   = (*Store)(nil)
	_ ports.ObjectPurger  = (*Store)(nil)
	_ ports.ObjectTenants = (*Store)(nil)
	_ ports.Dependency    = (*Store)(nil)
)

const (
	callTimeout  = 10 * time.Second
	readyTimeout = 4 * time.Second
)

// New returns a Store. It sends nothing. It returns an error if cfg cannot name a
// bucket.
func New(cfg Config) (*Store, error) {
	if cfg.Bucket == "" {
		return nil, errors.New("s3: there is no bucket's name")
	}
	if cfg.AWS.Credentials == nil {
		return nil, errors.New("s3: there are no credentials")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client := s3.NewFromConfig(cfg.AWS, func(o *s3.Options) { o.UsePathStyle = cfg.PathStyle })
	options := client.Options()
	where, err := resolve(context.Background(), options, cfg.Bucket)
	if err != nil {
		return nil, err
	}
	public := where
	if cfg.PublicEndpoint != nil {
		options.BaseEndpoint = aws.String(cfg.PublicEndpoint.String())
		if public, err = resolve(context.Background(), options, cfg.Bucket); err != nil {
			return nil, err
		}
	}
	s := &Store{
		bucket:      cfg.Bucket,
		client:      client,
		own:         where,
		presigner:   presigner{endpoint: public},
		credentials: cached(options.Credentials),
		now:         cfg.Now,
	}
	if cfg.WithoutIsolation || isAmazon(where.host) {
		s.isolation.proven.Store(&isolationFound{})
	}
	return s, nil
}

// SignUpload implements [ports.ObjectSigner].
func (s *Store) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	headers := signedurl.UploadHeaders(upload)
	if upload.SHA256 != nil {
		headers["X-Amz-Checksum-Sha256"] = base64.StdEncoding.EncodeToString(upload.SHA256)
	}
	return s.sign(ctx, request{method: http.MethodPut, object: key.String()}, headers, upload.TTL)
}

// SignDownload implements [ports.ObjectSigner].
func (s *Store) SignDownload(ctx context.Context, key domain.ObjectKey, download ports.Download) (ports.SignedRequest, error) {
	r := request{method: http.MethodGet, object: key.String(), query: []param{
		{"response-content-disposition", download.Disposition},
		{"response-content-type", download.ContentType},
	}}
	return s.sign(ctx, r, map[string]string{}, download.TTL)
}

// Stat implements [ports.ObjectStore].
func (s *Store) Stat(ctx context.Context, key domain.ObjectKey) (ports.ObjectInfo, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	head, err := s.client.HeadObject(call, &s3.HeadObjectInput{Bucket: &s.bucket, Key: aws.String(key.String())})
	if isAbsent(err) {
		return ports.ObjectInfo{}, errAbsent
	}
	if err != nil {
		return ports.ObjectInfo{}, translate(ctx, err)
	}
	return ports.ObjectInfo{
		Size:        aws.ToInt64(head.ContentLength),
		ContentType: aws.ToString(head.ContentType),
		ModifiedAt:  aws.ToTime(head.LastModified).UTC(),
	}, nil
}

// Delete implements [ports.ObjectStore].
func (s *Store) Delete(ctx context.Context, key domain.ObjectKey) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return translate(ctx, version{key: key.String()}.remove(call, s.client, s.bucket))
}

// Ready implements [ports.Dependency]: the bucket exists and admits the credentials. It
// makes one attempt. A server that [Store.Prove] refuses is not ready.
func (s *Store) Ready(ctx context.Context) error {
	call, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	_, err := s.client.HeadBucket(call, &s3.HeadBucketInput{Bucket: &s.bucket}, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
	if err != nil {
		return translate(ctx, err)
	}
	return translate(ctx, s.Prove(call))
}

// sign signs r with all headers, for ttl or for as long as the credentials allow.
func (s *Store) sign(ctx context.Context, r request, headers map[string]string, ttl time.Duration) (ports.SignedRequest, error) {
	if err := s.Prove(ctx); err != nil {
		return ports.SignedRequest{}, err
	}
	r.guarded = r.method == http.MethodPut && s.isolation.isGuarded()
	creds, err := s.retrieve(ctx)
	if err != nil {
		return ports.SignedRequest{}, err
	}
	at := s.now().UTC().Truncate(time.Second) // the precision of the signature
	life := signedurl.Life(ttl)
	if creds.CanExpire {
		life = min(life, creds.Expires.Sub(at))
	}
	life = life.Truncate(time.Second)
	r.headers = make([]param, 0, len(headers)+2) // with room for host and the guard
	for name, value := range headers {
		r.headers = append(r.headers, param{strings.ToLower(name), value})
	}
	signed := s.presigner.presign(creds, at, life, r)
	return ports.SignedRequest{Method: r.method, URL: domain.NewSecret(signed), Headers: headers, ExpiresAt: at.Add(life)}, nil
}
