package s3_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

var server = realservers.Shared[*realservers.ObjectServer]{Start: realservers.StartS3}

func TestMain(m *testing.M) {
	code := m.Run()
	server.Close()
	os.Exit(code)
}

// configOf returns the configuration for a server's bucket, as its owner, with the defaults
// of the program: an [aws.Config] that the SDK has not loaded sends and verifies no checksums.
func configOf(s *realservers.ObjectServer) s3.Config {
	return s3.Config{Bucket: s.Bucket, PathStyle: true, AWS: aws.Config{
		Region:       s.Region,
		BaseEndpoint: &s.Endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),

		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}}
}

func newStore(t testing.TB, cfg s3.Config) *s3.Store {
	t.Helper()
	store, err := s3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func keyOf(t testing.TB, s string) domain.ObjectKey {
	t.Helper()
	key, err := domain.ParseObjectKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestStore(t *testing.T) {
	porttest.ObjectStore(t, func(t *testing.T) porttest.ObjectStorage { return objectStorage(newStore(t, configOf(server.Get(t)))) })
}

// objectStorage returns what the suite expects of a store in versitygw, which stores keys
// as folders and files.
func objectStorage(store *s3.Store) porttest.ObjectStorage {
	return porttest.ObjectStorage{
		Store:  store,
		Client: http.DefaultClient,
		Lacks:  []porttest.Feature{porttest.FolderBesideFile, porttest.LongSegments, porttest.WholeUploads, porttest.LargestSizes},
	}
}

func TestStoreIsADependency(t *testing.T) {
	porttest.Dependency(t, func(t *testing.T) porttest.Outage {
		s := realservers.S3(t)
		return porttest.Outage{
			Dependency: newStore(t, configOf(s)),
			Break:      func(*testing.T) { s.Stop() },
			Restore: func(t *testing.T) {
				if err := s.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func TestTrouble(t *testing.T) {
	t.Run("wrong credentials are the operator's trouble, and stay with the operator", func(t *testing.T) {
		s := server.Get(t)
		cfg := configOf(s)
		cfg.AWS.Credentials = credentials.NewStaticCredentialsProvider(s.AccessKey, "not the secret", "")
		for name, err := range callAll(t, newStore(t, cfg)) {
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || e.Kind != domain.Internal || strings.Contains(e.Message, s.AccessKey) || strings.Contains(err.Error(), "not the secret") {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
	t.Run("an absent bucket is an internal error", func(t *testing.T) {
		cfg := configOf(server.Get(t))
		cfg.Bucket = "nowhere"
		store := newStore(t, cfg)
		for name, err := range map[string]error{"Delete": store.Delete(t.Context(), keyOf(t, "acme/a.txt")), "Ready": store.Ready(t.Context())} {
			if !errors.Is(err, domain.Internal) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
	t.Run("a server that is out of order is unavailable", func(t *testing.T) {
		for _, status := range []string{"500 Internal Server Error", "503 Slow Down", "429 Too Many Requests"} {
			for name, err := range callAll(t, newStore(t, configAt(answering(t, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")))) {
				if !errors.Is(err, domain.CodeObjectStoreUnavailable) {
					t.Errorf("%s after %s: got %v", name, status, err)
				}
			}
		}
	})
	t.Run("a server that never answers is given up with the caller", func(t *testing.T) {
		store := newStore(t, configAt(answering(t, "")))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := store.Stat(ctx, keyOf(t, "acme/a.txt")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a server that never answers is not ready", func(t *testing.T) {
		began := time.Now()
		err := newStore(t, configAt(answering(t, ""))).Ready(t.Context())
		if took := time.Since(began); !errors.Is(err, domain.CodeObjectStoreUnavailable) || took > 30*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestSDKsVariables(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://minio.example.com:9000")
	t.Setenv("AWS_REGION", "eu-north-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "a token/+=")
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := newStore(t, s3.Config{Bucket: "files", PathStyle: true, WithoutIsolation: true, AWS: cfg}).SignDownload(t.Context(), keyOf(t, "acme/a b.txt"), ports.Download{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Scheme + "://" + u.Host + u.EscapedPath(); got != "http://minio.example.com:9000/files/acme/a%20b.txt" {
		t.Errorf("it goes to %s", got)
	}
	if q := u.Query(); !strings.Contains(q.Get("X-Amz-Credential"), "/eu-north-1/s3/") || q.Get("X-Amz-Security-Token") != "a token/+=" {
		t.Errorf("it is signed with %s", u.RawQuery)
	}
}

// callAll makes every call that contacts the server, and returns their errors by name.
func callAll(t *testing.T, store *s3.Store) map[string]error {
	t.Helper()
	_, statErr := store.Stat(t.Context(), keyOf(t, "acme/a.txt"))
	_, listErr := store.List(t.Context(), prefixOf(t, "acme"), domain.ObjectKey{}, 1)
	_, hasErr := store.HasObjects(t.Context(), tenantOf(t, "acme"))
	_, purgeErr := store.Purge(t.Context(), tenantOf(t, "acme"), 1)
	return map[string]error{
		"Stat":       statErr,
		"List":       listErr,
		"Delete":     store.Delete(t.Context(), keyOf(t, "acme/a.txt")),
		"HasObjects": hasErr,
		"Purge":      purgeErr,
		"Ready":      store.Ready(t.Context()),
	}
}

// configAt returns the configuration of a bucket at address that counts as isolated, without retries.
func configAt(address string) s3.Config {
	endpoint := "http://" + address
	return s3.Config{Bucket: "partywall", PathStyle: true, WithoutIsolation: true, AWS: aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}}
}

// answering returns the address of a server that sends the same answer to every request,
// and nothing more.
func answering(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			if answer != "" {
				conn.Read(make([]byte, 4096))
				conn.Write([]byte(answer))
				conn.Close()
			}
		}
	}()
	return listener.Addr().String()
}

func TestSignedHeaders(t *testing.T) {
	key := keyOf(t, "acme/a.txt")
	for name, test := range map[string]struct {
		upload ports.Upload
		want   string
	}{
		"nothing":            {ports.Upload{}, "host"},
		"a size":             {ports.Upload{Size: sized(5)}, "content-length;host"},
		"a size of nothing":  {ports.Upload{Size: sized(0)}, "content-length;host"},
		"a type":             {ports.Upload{ContentType: "text/plain"}, "content-type;host"},
		"a checksum":         {ports.Upload{SHA256: make([]byte, 32)}, "host;x-amz-checksum-sha256"},
		"only if absent":     {ports.Upload{IfAbsent: true}, "host;if-none-match"},
		"everything at once": {ports.Upload{Size: sized(0), ContentType: "a/b", SHA256: make([]byte, 32), IfAbsent: true}, "content-length;content-type;host;if-none-match;x-amz-checksum-sha256"},
	} {
		t.Run("an upload with "+name+" signs "+test.want, func(t *testing.T) {
			test.upload.TTL = time.Minute
			signed, err := newStore(t, configAt("127.0.0.1:1")).SignUpload(t.Context(), key, test.upload)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(signed.URL.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Query().Get("X-Amz-SignedHeaders"); got != test.want {
				t.Errorf("got %q", got)
			}
			told := []string{"host"}
			for header := range signed.Headers {
				told = append(told, strings.ToLower(header))
			}
			slices.Sort(told)
			if got := strings.Join(told, ";"); got != test.want {
				t.Errorf("the client gets %q", got)
			}
		})
	}
}

// sized returns the size of a file of n bytes.
func sized(n int64) domain.FileSize { return domain.Must(domain.NewFileSize(n)) }
