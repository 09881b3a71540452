package s3_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// bucketScript contains a bucket's answers by request: "HEAD bucket", "HEAD
// object", or the name of the setting. An answer is a status with a body or a code.
type bucketScript map[string]reply

type reply struct {
	status int
	body   string
	region string
}

func refusal(status int, code string) reply {
	return reply{status: status, body: "<Error><Code>" + code + "</Code><Message>no</Message></Error>"}
}

const goodCORS = `<CORSConfiguration><CORSRule><AllowedOrigin>https://app.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>` +
	`<AllowedHeader>Content-Type</AllowedHeader><AllowedHeader>if-none-match</AllowedHeader><AllowedHeader>x-amz-*</AllowedHeader>` +
	`<ExposeHeader>etag</ExposeHeader><ExposeHeader>Content-Disposition</ExposeHeader><ExposeHeader>Content-Range</ExposeHeader></CORSRule></CORSConfiguration>`

// goodBucket is a bucket made as docs/production.md describes.
func goodBucket() bucketScript {
	return bucketScript{
		"HEAD bucket":       {status: 200, region: "us-east-1"},
		"HEAD object":       {status: 404},
		"cors":              {status: 200, body: goodCORS},
		"publicAccessBlock": {status: 200, body: publicAccess("true")},
		"policy":            {status: 200, body: `{"Statement":[{"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`},
		"versioning":        {status: 200, body: `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`},
	}
}

func publicAccess(policy string) string {
	return "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>" +
		policy + "</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
}

// script answers for a bucket, and passes what it does not contain to a real server.
type script struct {
	bucketScript
	real http.Handler
}

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := "HEAD object"
	if r.URL.Path == "/partywall" || r.URL.Path == "/partywall/" {
		asked = "HEAD bucket"
		for name := range r.URL.Query() {
			if _, known := s.bucketScript[name]; known {
				asked = name
			}
		}
	}
	for name := range r.URL.Query() {
		if _, known := s.bucketScript[name]; known && asked == "HEAD object" {
			asked = name
		}
	}
	answer := s.bucketScript[asked]
	if asked == "HEAD object" && !strings.HasSuffix(r.URL.Path, "/doctor") {
		s.real.ServeHTTP(w, r)
		return
	}
	if answer.region != "" {
		w.Header().Set("X-Amz-Bucket-Region", answer.region)
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		io.WriteString(w, answer.body)
	}
}

func (s bucketScript) config(t *testing.T) s3.Config {
	t.Helper()
	cfg := configOf(server.Get(t))
	to := domain.Must(url.Parse(*cfg.AWS.BaseEndpoint))
	front := httptest.NewServer(script{s, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host
		r.SetURL(to)
		r.Out.Host = host // it is signed
	}}})
	t.Cleanup(front.Close)
	cfg.AWS.BaseEndpoint = &front.URL
	return cfg
}

var origins = []string{"https://app.example.com"}

// runChecks returns the findings by their checks.
func runChecks(t *testing.T, cfg s3.Config, origins []string) map[string]doctor.Finding {
	t.Helper()
	findings := map[string]doctor.Finding{}
	for _, f := range s3.RunChecks(t.Context(), cfg, origins) {
		if (f.Severity == doctor.OK) != (f.Fix == "") || f.Summary == "" || strings.Contains(f.Summary+f.Fix, "\n") {
			t.Errorf("want a finding with a problem and a fix, in one line, got %+v", f)
		}
		findings[f.Check] = f
	}
	return findings
}

// mustFind requires a finding, and that no other check reports a problem.
func mustFind(t *testing.T, findings map[string]doctor.Finding, check string, severity doctor.Severity, says string) {
	t.Helper()
	if f := findings[check]; f.Severity != severity || !strings.Contains(f.Summary+" / "+f.Fix, says) {
		t.Errorf("want %s %q of %s, got %+v", severity, says, check, f)
	}
	for name, f := range findings {
		if name != check && f.Severity != doctor.OK {
			t.Errorf("it also finds %+v", f)
		}
	}
}

func TestChecks(t *testing.T) {
	t.Run("nothing is wrong with a bucket made as the documentation says", func(t *testing.T) {
		findings := runChecks(t, goodBucket().config(t), origins)
		mustFind(t, findings, "bucket", doctor.OK, "")
		if len(findings) != len(s3.Checks()) {
			t.Errorf("of %d checks, %d were made", len(s3.Checks()), len(findings))
		}
	})
	for name, c := range map[string]struct {
		change   bucketScript
		check    string
		severity doctor.Severity
		says     string
	}{
		"an absent bucket":                               {bucketScript{"HEAD bucket": {status: 404}}, "bucket", doctor.Error, "S3_BUCKET_NAME"},
		"a bucket of another region":                     {bucketScript{"HEAD bucket": {status: 301, region: "eu-central-1"}}, "bucket", doctor.Error, "S3_REGION=eu-central-1"},
		"a bucket of another region that talks":          {bucketScript{"HEAD bucket": {status: 200, region: "eu-central-1"}}, "bucket", doctor.Error, "S3_REGION=eu-central-1"},
		"a bucket of another account":                    {bucketScript{"HEAD bucket": {status: 403, region: "us-east-1"}}, "bucket", doctor.Error, "s3:ListBucket"},
		"something that is not a bucket":                 {bucketScript{"HEAD bucket": {status: 418}}, "bucket", doctor.Error, "AWS_ENDPOINT_URL_S3"},
		"no right to read objects":                       {bucketScript{"HEAD object": {status: 403}}, "bucket-rights", doctor.Error, "s3:GetObject"},
		"no CORS rules":                                  {bucketScript{"cors": refusal(404, "NoSuchCORSConfiguration")}, "bucket-cors", doctor.Error, "put-bucket-cors"},
		"CORS rules for another origin":                  {cors("app.example.com", "app.example.org"), "bucket-cors", doctor.Error, "may not download"},
		"CORS rules without uploads":                     {cors("<AllowedMethod>PUT</AllowedMethod>", ""), "bucket-cors", doctor.Error, "PUT is not allowed"},
		"CORS rules without an upload's headers":         {cors("x-amz-*", "x-amz-meta-*"), "bucket-cors", doctor.Error, "x-amz-checksum-sha256"},
		"CORS rules that hide a range":                   {cors("<ExposeHeader>Content-Range</ExposeHeader>", ""), "bucket-cors", doctor.Warning, "cannot read Content-Range"},
		"CORS rules for all of a domain":                 {cors("app.example.com", "*.example.com"), "bucket-cors", doctor.OK, "may move files"},
		"no block of the public":                         {bucketScript{"publicAccessBlock": refusal(404, "NoSuchPublicAccessBlockConfiguration")}, "bucket-public", doctor.Warning, "put-public-access-block"},
		"a block with a hole":                            {bucketScript{"publicAccessBlock": {status: 200, body: publicAccess("false")}}, "bucket-public", doctor.Warning, "put-public-access-block"},
		"no policy":                                      {bucketScript{"policy": refusal(404, "NoSuchBucketPolicy")}, "bucket-transport", doctor.Warning, "put-bucket-policy"},
		"a policy of something else":                     {bucketScript{"policy": {status: 200, body: `{}`}}, "bucket-transport", doctor.Warning, "put-bucket-policy"},
		"no versions":                                    {bucketScript{"versioning": {status: 200, body: `<VersioningConfiguration/>`}}, "bucket-versioning", doctor.Warning, "put-bucket-versioning"},
		"versions without the right to read the setting": {bucketScript{"versioning": refusal(403, "AccessDenied")}, "bucket-versioning", doctor.Warning, "allow s3:GetBucketVersioning"},
		"a purge without the right to list versions":     {bucketScript{"versions": refusal(403, "AccessDenied")}, "bucket-purge", doctor.Error, "allow s3:ListBucketVersions on arn:aws:s3:::partywall to"},
		"a purge without the right to list uploads":      {bucketScript{"uploads": refusal(403, "AccessDenied")}, "bucket-purge", doctor.Warning, "allow s3:ListBucketMultipartUploads on arn:aws:s3:::partywall to"},
		"a purge without the right to delete versions":   {bucketScript{"versionId": refusal(403, "AccessDenied")}, "bucket-purge", doctor.Warning, "allow s3:DeleteObjectVersion on arn:aws:s3:::partywall/* to"},
		"a purge without the right to end uploads":       {bucketScript{"uploadId": refusal(403, "AccessDenied")}, "bucket-purge", doctor.Warning, "allow s3:AbortMultipartUpload on arn:aws:s3:::partywall/* to"},
		"a purge where there are no versions":            {bucketScript{"versions": refusal(501, "NotImplemented")}, "bucket-purge", doctor.OK, "can be found and removed"},
		"a server without versions":                      {bucketScript{"versioning": refusal(501, "NotImplemented")}, "bucket-versioning", doctor.OK, "no such setting"},
		"a server that breaks down":                      {bucketScript{"versioning": refusal(500, "InternalError")}, "bucket-versioning", doctor.Error, "cannot read the setting"},
	} {
		t.Run(name, func(t *testing.T) {
			script := goodBucket()
			maps.Copy(script, c.change)
			mustFind(t, runChecks(t, script.config(t), origins), c.check, c.severity, c.says)
		})
	}
	t.Run("without origins no CORS rules are needed", func(t *testing.T) {
		script := goodBucket()
		script["cors"] = refusal(404, "NoSuchCORSConfiguration")
		mustFind(t, runChecks(t, script.config(t), nil), "bucket-cors", doctor.OK, "")
	})
	t.Run("a clock that is wrong", func(t *testing.T) {
		cfg := goodBucket().config(t)
		cfg.Now = func() time.Time { return time.Now().Add(20 * time.Minute) }
		mustFind(t, runChecks(t, cfg, origins), "bucket-clock", doctor.Error, "ahead of that of S3")
	})
	t.Run("no credentials", func(t *testing.T) {
		cfg := goodBucket().config(t)
		cfg.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("there are none") })
		mustFind(t, runChecks(t, cfg, origins), "bucket", doctor.Error, "has no AWS credentials: there are none")
	})
	for code, says := range map[string]string{"ExpiredToken": "have expired", "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID", "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY"} {
		for _, status := range []int{400, 403} { // with no word of why
			t.Run(code, func(t *testing.T) {
				script := goodBucket()
				script["HEAD bucket"] = refusal(status, code)
				mustFind(t, runChecks(t, script.config(t), origins), "bucket", doctor.Error, says)
			})
		}
	}
	t.Run("a server that cannot be reached", func(t *testing.T) {
		gone := httptest.NewServer(nil)
		gone.Close()
		cfg := goodBucket().config(t)
		cfg.AWS.BaseEndpoint = &gone.URL
		mustFind(t, runChecks(t, cfg, origins), "bucket", doctor.Error, "the network access of this machine")
	})
}

func cors(before, after string) bucketScript {
	return bucketScript{"cors": {status: 200, body: strings.ReplaceAll(goodCORS, before, after)}}
}

// TestChecksOfARealBucket makes mistakes with a server that verifies signatures.
func TestChecksOfARealBucket(t *testing.T) {
	s := server.Get(t)
	cfg := configOf(s)
	findings := runChecks(t, cfg, nil)
	for _, check := range []string{"bucket", "bucket-clock", "bucket-rights", "bucket-cors"} {
		if got := findings[check]; got.Severity != doctor.OK {
			t.Errorf("got %+v", got)
		}
	}
	if got := findings["bucket-transport"]; got.Severity != doctor.Warning {
		t.Errorf("a bucket without a policy: %+v", got)
	}
	t.Run("an absent bucket", func(t *testing.T) {
		cfg := configOf(s)
		cfg.Bucket = "nowhere"
		mustFind(t, runChecks(t, cfg, nil), "bucket", doctor.Error, "S3_BUCKET_NAME")
	})
	t.Run("a wrong secret", func(t *testing.T) {
		cfg := configOf(s)
		cfg.AWS.Credentials = credentials.NewStaticCredentialsProvider(s.AccessKey, "wrong", "")
		mustFind(t, runChecks(t, cfg, nil), "bucket", doctor.Error, "secret key is not that of the access key")
	})
	t.Run("a bucket without CORS rules", func(t *testing.T) {
		if got := runChecks(t, cfg, origins)["bucket-cors"]; got.Severity != doctor.Error || !strings.Contains(got.Summary, "no CORS rules") {
			t.Errorf("got %+v", got)
		}
	})
}
