package s3_test

import (
	"errors"
	"flag"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/doctor"
	"github.com/partywall-go/partywall/ports/porttest"
)

// mustLeaveNothing fails if trials left an object behind.
func mustLeaveNothing(t *testing.T, s *realservers.ObjectServer) {
	t.Helper()
	left, err := s.Client().ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: aws.String(".partywall/")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range left.Contents {
		t.Errorf("%s is left behind", *o.Key)
	}
}

func TestAStoreThatHolds(t *testing.T) {
	s := server.Get(t)
	for name, l := range map[string]lenient{
		"a server that verifies what is signed":         {},
		"a server that refuses with 400":                {refusesAll400: true},
		"a server that obeys unsigned headers":          {copies: true},
		"a server that ignores an unsigned copy source": {unguardable: true},
	} {
		t.Run(name+" isolates", func(t *testing.T) {
			cfg := l.start(t, s)
			if err := newStore(t, cfg).Prove(t.Context()); err != nil {
				t.Error(err)
			}
			if f := runChecks(t, cfg, nil)["bucket-isolation"]; f.Severity != doctor.OK {
				t.Errorf("the check finds %+v", f)
			}
			mustLeaveNothing(t, s)
		})
	}
	t.Run("the real server isolates", func(t *testing.T) {
		if err := newStore(t, configOf(s)).Prove(t.Context()); err != nil {
			t.Error(err)
		}
		for _, check := range []string{"bucket-isolation", "bucket-promises"} {
			if f := runChecks(t, configOf(s), nil)[check]; f.Severity != doctor.OK {
				t.Errorf("the check finds %+v", f)
			}
		}
		mustLeaveNothing(t, s)
	})
}

func TestAStoreThatDoesNotHold(t *testing.T) {
	s := server.Get(t)
	for name, c := range map[string]struct {
		server lenient
		says   string
	}{
		"obeys an unsigned copy source and cannot be guarded": {lenient{copies: true, unguardable: true}, "x-amz-copy-source"},
		"refuses only a copy with 400":                        {lenient{copiesTo400: true, unguardable: true}, "x-amz-copy-source"},
		"unpacks archives":                                    {lenient{unpacks: true}, "x-amz-meta-snowball-auto-extract"},
		"does not verify signatures":                          {lenient{forged: true}, "signatures are not verified"},
		"is public":                                           {lenient{public: true}, "the bucket is public"},
		"takes a signature for any key":                       {lenient{anyKey: true}, "the signature does not cover the key"},
		"takes a signature for any method":                    {lenient{anyMethod: true}, "the signature does not cover the method"},
		"takes more parameters":                               {lenient{anyQuery: true}, "parameters may be added"},
		"decodes keys twice":                                  {lenient{decodesTwice: true}, "decoded twice"},
		"ignores the expiry":                                  {lenient{everlasting: true}, "URLs do not expire"},
	} {
		t.Run("a server that "+name+" is refused", func(t *testing.T) {
			cfg := c.server.start(t, s)
			store := newStore(t, cfg)
			err := store.Prove(t.Context())
			if !errors.Is(err, s3.ErrNotIsolated) || !errors.Is(err, domain.Internal) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want %q, got %v", c.says, err)
			}
			if _, err := store.SignUpload(t.Context(), keyOf(t, "acme/a.txt"), ports.Upload{TTL: time.Minute}); !errors.Is(err, s3.ErrNotIsolated) {
				t.Errorf("an upload is signed: %v", err)
			}
			if _, err := store.SignDownload(t.Context(), keyOf(t, "acme/a.txt"), ports.Download{TTL: time.Minute}); !errors.Is(err, s3.ErrNotIsolated) {
				t.Errorf("a download is signed: %v", err)
			}
			if err := store.Ready(t.Context()); !errors.Is(err, s3.ErrNotIsolated) {
				t.Errorf("it is ready: %v", err)
			}
			f := runChecks(t, cfg, nil)["bucket-isolation"]
			if f.Severity != doctor.Error || !strings.Contains(f.Summary, c.says) {
				t.Errorf("the check finds %+v", f)
			}
			mustLeaveNothing(t, s)

			cfg.WithoutIsolation = true
			if _, err := newStore(t, cfg).SignUpload(t.Context(), keyOf(t, "acme/a.txt"), ports.Upload{TTL: time.Minute}); err != nil {
				t.Errorf("without isolation: %v", err)
			}
		})
	}
}

func TestAStoreThatBreaksPromises(t *testing.T) {
	s := server.Get(t)
	for name, c := range map[string]struct {
		server lenient
		says   string
	}{
		"another size":           {lenient{anySize: true}, "another size"},
		"another type":           {lenient{anyType: true}, "another type"},
		"another checksum":       {lenient{anySum: true}, "another SHA-256"},
		"a replacement":          {lenient{replaces: true}, "may replace one"},
		"headers without a sign": {lenient{}, "unsigned headers: x-amz-acl"},
	} {
		t.Run("a server that takes "+name+" is warned of", func(t *testing.T) {
			f := runChecks(t, c.server.start(t, s), nil)["bucket-promises"]
			if f.Severity != doctor.Warning || !strings.Contains(f.Summary, c.says) {
				t.Errorf("want %q, got %+v", c.says, f)
			}
			mustLeaveNothing(t, s)
		})
	}
}

// TestACopyOfTheNeighboursFile acts as a member would. On a server that obeys
// unsigned headers, the signature itself refuses them.
func TestACopyOfTheNeighboursFile(t *testing.T) {
	s := server.Get(t)
	refusesCopies(t, s, newStore(t, lenient{copies: true}.start(t, s)))
}

func refusesCopies(t *testing.T, s *realservers.ObjectServer, store *s3.Store) {
	t.Helper()
	victim, mine := keyOf(t, "victim/secret.txt"), keyOf(t, "acme/loot.txt")
	if err := put(t.Context(), s.Client(), &s.Bucket, victim.String(), []byte("secret"), ""); err != nil {
		t.Fatal(err)
	}
	for name, sources := range map[string][]string{
		"alone":               {s.Bucket + "/" + victim.String()},
		"with a slash":        {"/" + s.Bucket + "/" + victim.String()},
		"behind an empty one": {"", s.Bucket + "/" + victim.String()},
		"before an empty one": {s.Bucket + "/" + victim.String(), ""},
	} {
		t.Run("a copy source "+name+" is refused", func(t *testing.T) {
			signed, err := store.SignUpload(t.Context(), mine, ports.Upload{TTL: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			request, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL.Reveal(), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header["X-Amz-Copy-Source"] = sources
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusForbidden {
				t.Errorf("it answers %d", response.StatusCode)
			}
		})
	}
	t.Run("a plain upload works", func(t *testing.T) {
		signed, err := store.SignUpload(t.Context(), mine, ports.Upload{Size: sized(5), ContentType: "text/plain", TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL.Reveal(), strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "text/plain")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("it answers %d", response.StatusCode)
		}
	})
}

// nowhere is an HTTP client that reaches no server.
type nowhere struct{}

// Do implements [aws.HTTPClient].
func (nowhere) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("no server is reached")
}

func TestAStoreIsTriedAgain(t *testing.T) {
	s := server.Get(t)
	t.Run("after trouble", func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		cfg, clock := lenient{broken: &broken}.start(t, s), time.Now()
		cfg.Now = func() time.Time { return clock }
		store := newStore(t, cfg)
		if err := store.Prove(t.Context()); !errors.Is(err, domain.CodeObjectStoreUnavailable) {
			t.Fatalf("got %v", err)
		}
		broken.Store(false)
		if err := store.Prove(t.Context()); !errors.Is(err, domain.CodeObjectStoreUnavailable) {
			t.Errorf("it is tried again at once: %v", err)
		}
		clock = clock.Add(2 * time.Second)
		if err := store.Prove(t.Context()); err != nil {
			t.Errorf("once the trouble is over: %v", err)
		}
	})
	t.Run("Amazon S3 is not tried", func(t *testing.T) {
		for _, endpoint := range []string{"", "https://s3.eu-central-1.amazonaws.com", "https://bucket.vpce-1a2b3c.s3.eu-central-1.vpce.amazonaws.com", "https://s3.cn-north-1.amazonaws.com.cn:443",
			"https://s3.amazonaws.com", "https://s3-us-west-2.amazonaws.com", "https://s3-accelerate.dualstack.amazonaws.com", "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com",
			"https://s3.us-iso-east-1.c2s.ic.gov", "https://s3.eusc-de-east-1.amazonaws.eu"} {
			cfg := configAt("unused")
			cfg.WithoutIsolation, cfg.AWS.BaseEndpoint = false, &endpoint
			if endpoint == "" {
				cfg.AWS.BaseEndpoint = nil
			}
			if err := newStore(t, cfg).Prove(t.Context()); err != nil {
				t.Errorf("%s: %v", endpoint, err)
			}
		}
	})
	t.Run("a host that resembles Amazon S3 is", func(t *testing.T) {
		for _, endpoint := range []string{"http://amazonaws.com.127.0.0.1.nip.invalid", "http://s3.notamazonaws.com.invalid", "http://127.0.0.1:1/s3.amazonaws.com",
			"http://minio-1.eu-central-1.elb.amazonaws.com", "http://s3-1.eu-central-1.elb.amazonaws.com", "http://ec2-192-0-2-1.eu-central-1.compute.amazonaws.com", "http://s3.internal.amazonaws.com",
			"https://1a2b3c.execute-api.eu-central-1.amazonaws.com"} {
			cfg := configAt("unused")
			cfg.WithoutIsolation, cfg.AWS.BaseEndpoint, cfg.AWS.HTTPClient = false, &endpoint, nowhere{}
			if err := newStore(t, cfg).Prove(t.Context()); err == nil {
				t.Errorf("%s is taken for it", endpoint)
			}
		}
	})
	t.Run("many callers wait for one run", func(t *testing.T) {
		store := newStore(t, lenient{}.start(t, s))
		errs := make(chan error, 20)
		for range cap(errs) {
			go func() { errs <- store.Prove(t.Context()) }()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

var tryMinIO = flag.Bool("s3.minio", false, "build MinIO and try it, too")

// TestMinIO compares the real server with the lenient one above. A separate task runs
// it, because building MinIO takes minutes.
func TestMinIO(t *testing.T) {
	if !*tryMinIO {
		return
	}
	s, err := realservers.StartMinIO(t.Context())
	realservers.Need(t, err)
	t.Cleanup(func() { s.Close() })
	cfg := configOf(s)
	if err := newStore(t, cfg).Prove(t.Context()); err != nil {
		t.Error(err)
	}
	findings := runChecks(t, cfg, nil)
	if f := findings["bucket-isolation"]; f.Severity != doctor.OK || !strings.Contains(f.Summary, "x-amz-copy-source") {
		t.Errorf("the check finds %+v", f)
	}
	if f := findings["bucket-promises"]; f.Severity != doctor.Warning || !strings.Contains(f.Summary, "unsigned headers: x-amz-acl") || strings.Contains(f.Summary, ";") {
		t.Errorf("the check finds %+v", f)
	}
	mustLeaveNothing(t, s)
	refusesCopies(t, s, newStore(t, cfg))
	leavesNoVersions(t, s, cfg)
	purgesWhatListsDoNotShow(t, keepVersions(t, s), 0) // MinIO lists uploads by their whole key alone
	porttest.ObjectStore(t, func(t *testing.T) porttest.ObjectStorage {
		return porttest.ObjectStorage{
			Store: newStore(t, cfg), Client: http.DefaultClient,
			Lacks: []porttest.Feature{porttest.FolderBesideFile, porttest.LongSegments, porttest.LargestSizes, porttest.NoUnsignedHeaders},
		}
	})
}

func leavesNoVersions(t *testing.T, s *realservers.ObjectServer, cfg s3.Config) {
	t.Helper()
	_, err := s.Client().PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
		Bucket: &s.Bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := newStore(t, cfg).Prove(t.Context()); err != nil {
		t.Error(err)
	}
	runChecks(t, cfg, nil)
	left, err := s.Client().ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: &s.Bucket, Prefix: aws.String(".partywall/")})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range left.Versions {
		t.Errorf("version %s of %s is left behind", *v.VersionId, *v.Key)
	}
	for _, v := range left.DeleteMarkers {
		t.Errorf("a delete marker of %s is left behind", *v.Key)
	}
}
