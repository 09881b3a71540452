package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/realservers"
)

// TestAStoreThatDoesNotIsolate starts with a store that accepts every request.
func TestAStoreThatDoesNotIsolate(t *testing.T) {
	needPostgres(t)
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("an object that a URL for another one must not reach"))
		}
	}))
	t.Cleanup(store.Close)
	env := map[string]string{
		"S3_BUCKET_NAME": "files", "S3_FORCE_PATH_STYLE": "true", "AWS_ENDPOINT_URL_S3": store.URL,
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	t.Run("stops the start, naming the flag", func(t *testing.T) {
		got := runCommand(t, env, "serve", "--mixed")
		lines := strings.Split(strings.TrimSpace(got.err), "\n")
		last := lines[len(lines)-1] // after those of the private database
		if got.code != 1 || !strings.HasPrefix(last, "partywall: S3_BUCKET_NAME=files: ") || !strings.Contains(last, "signatures are not verified") || !strings.Contains(last, "--without-file-isolation") {
			t.Errorf("exit %d: %s", got.code, last)
		}
	})
	t.Run("serves with the flag", func(t *testing.T) {
		serveProgram(t, env, "--mixed", "--without-file-isolation")
	})
}

// TestAStoreThatComesLater starts while the store is down. The program runs, signs
// nothing, and is ready once the store was tested.
func TestAStoreThatComesLater(t *testing.T) {
	needPostgres(t)
	bucket := realservers.S3(t)
	bucket.Stop()
	s := startProgram(t, map[string]string{
		"S3_BUCKET_NAME": bucket.Bucket, "S3_FORCE_PATH_STYLE": "true", "AWS_ENDPOINT_URL_S3": bucket.Endpoint,
		"AWS_REGION": bucket.Region, "AWS_ACCESS_KEY_ID": bucket.AccessKey, "AWS_SECRET_ACCESS_KEY": bucket.SecretKey,
	}, "--mixed")
	awaitSaid(t, s, "cannot try the object store yet")
	if err := bucket.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitReady(t, 40*time.Second)
}
