package s3_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// statement allows actions on what its resource names.
type statement struct {
	Sid, Effect, Principal string
	Action                 actions
	Resource               string
}

// actions is one action or a list of them, as in a policy.
type actions []string

func (a *actions) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(a))
	}
	*a = actions{""}
	return json.Unmarshal(data, &(*a)[0])
}

// documentedStatements returns what the policy in docs/production.md allows in the bucket.
func documentedStatements(t *testing.T) (inBucket []statement) {
	t.Helper()
	page, err := os.ReadFile("../../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile("(?s)## 3. What the program may do\n.*?```json\n(.*?)```").FindSubmatch(page)
	if section == nil {
		t.Fatal("the docs have no policy")
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal(section[1], &policy); err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Statement {
		if strings.HasPrefix(s.Resource, "arn:aws:s3:::") {
			inBucket = append(inBucket, s)
		}
	}
	return inBucket
}

// asUser returns a store that may do in the server's bucket what the statements allow.
func asUser(t *testing.T, s *realservers.ObjectServer, allowed []statement) *s3.Store {
	t.Helper()
	allowed = slices.Clone(allowed)
	for i := range allowed {
		allowed[i].Principal = s.UserAccessKey
		allowed[i].Resource = strings.Replace(allowed[i].Resource, "BUCKET", s.Bucket, 1)
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": allowed})
	if err != nil {
		t.Fatal(err)
	}
	policy := string(text)
	if _, err := s.Client().PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{Bucket: &s.Bucket, Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	cfg := configOf(s)
	cfg.AWS.Credentials = credentials.NewStaticCredentialsProvider(s.UserAccessKey, s.UserSecretKey, "")
	return newStore(t, cfg)
}

func TestTheDocumentedPolicySuffices(t *testing.T) {
	t.Parallel()
	allowed := documentedStatements(t)
	for name, b := range map[string]bucket{"without versions": bucketOf(t), "with versions": versioned(t)} {
		t.Run("a tenant's life in a bucket "+name, func(t *testing.T) {
			if err := liveAndPurge(t, b, asUser(t, b.server, allowed)); err != nil {
				t.Error(err)
			}
		})
	}
	store := asUser(t, server.Get(t), allowed)
	porttest.ObjectStore(t, func(*testing.T) porttest.ObjectStorage { return objectStorage(store) })
}

func TestTheDocumentedPolicyAllowsNoMoreThanIsUsed(t *testing.T) {
	t.Parallel()
	b, whole := versioned(t), documentedStatements(t)
	for i, s := range whole {
		for j, action := range s.Action {
			t.Run("without "+action, func(t *testing.T) {
				less := slices.Clone(whole)
				less[i].Action = slices.Delete(slices.Clone(s.Action), j, j+1)
				less = slices.DeleteFunc(less, func(s statement) bool { return len(s.Action) == 0 })
				if liveAndPurge(t, b, asUser(t, b.server, less)) == nil {
					t.Error("nothing was refused")
				}
			})
		}
	}
}

// liveAndPurge does with a tenant's files what a program does, from the first upload to
// the purge, and returns what was refused.
func liveAndPurge(t *testing.T, b bucket, store *s3.Store) error {
	t.Helper()
	ctx, tenant := t.Context(), domain.Must(domain.ParseTenantID(fmt.Sprintf("policy-%d", time.Now().UnixNano())))
	key := keyOf(t, tenant.String()+"/a.txt")
	upload, err := store.SignUpload(ctx, key, ports.Upload{TTL: time.Minute})
	if err != nil {
		return err
	}
	for range 2 {
		if err := send(t, upload, "hello"); err != nil {
			return err
		}
	}
	if _, err := store.Stat(ctx, key); err != nil {
		return err
	}
	download, err := store.SignDownload(ctx, key, ports.Download{TTL: time.Minute})
	if err != nil {
		return err
	}
	if err := send(t, download, ""); err != nil {
		return err
	}
	if _, err := store.List(ctx, prefixOf(t, tenant.String()), domain.ObjectKey{}, 10); err != nil {
		return err
	}
	if err := store.Delete(ctx, key); err != nil {
		return err
	}
	b.upload(t, tenant.String()+"/unfinished")
	for {
		removed, err := store.Purge(ctx, tenant, 10)
		if err != nil {
			return err
		}
		if removed == 0 {
			break
		}
	}
	if has, err := store.HasObjects(ctx, tenant); err != nil || has {
		return fmt.Errorf("after the purge it has objects: %v, %w", has, err)
	}
	return nil
}

// send sends a signed request, and returns an error if the server refuses it.
func send(t *testing.T, signed ports.SignedRequest, body string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL.Reveal(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range signed.Headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s was answered %s", signed.Method, answer.Status)
	}
	return nil
}
