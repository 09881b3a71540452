package s3

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/adapters/internal/skew"
	"github.com/partywall-go/partywall/ports/doctor"
)

// checker is one run of the checks on a bucket.
type checker struct {
	bucket  string
	region  string
	origins []string // of the pages that upload and download files
	now     func() time.Time
	client  *s3.Client
	cfg     Config

	ofClock doctor.Finding // set once S3 was reached
}

func (e *checker) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "bucket", About: "the bucket is reached, in its region", Run: e.reach},
		{Name: "bucket-clock", About: "our clock agrees with S3's", Needs: "bucket", Run: e.clock},
		{Name: "bucket-rights", About: "`s3:GetObject` and `s3:ListBucket` are allowed", Needs: "bucket", Run: e.rights},
		{Name: "bucket-purge", About: "all that the store keeps of a tenant can be found and removed; tried with a key that no tenant has", Needs: "bucket-rights", Run: e.purgeRights},
		{Name: "bucket-isolation", About: "a signed URL opens one file of one tenant, as long as it lives; tried with objects below `.partywall/`, which are deleted", Needs: "bucket-rights", Run: e.isolation},
		{Name: "bucket-promises", About: "the store insists on the size, type, SHA-256 and `If-None-Match` that were signed, and accepts no unsigned `x-amz-*` header; tested likewise", Needs: "bucket-rights", Run: e.promises},
		{Name: "bucket-public-endpoint", About: "a URL signed for `S3_PUBLIC_ENDPOINT` is understood there", Needs: "bucket-rights", Run: e.publicEndpoint},
		{Name: "bucket-cors", About: "the pages of `CORS_ALLOW_ORIGINS` may move files", Needs: "bucket", Run: e.cors},
		{Name: "bucket-public", About: "the public is blocked from the bucket", Needs: "bucket", Run: e.public},
		{Name: "bucket-transport", About: "the bucket's policy refuses what comes without TLS", Needs: "bucket", Run: e.transport},
		{Name: "bucket-versioning", About: "an overwritten or deleted file can be recovered", Needs: "bucket", Run: e.versioning},
	}
}

// Checks describes the checks of [RunChecks].
func Checks() []doctor.Info { return doctor.Describe((&checker{}).checks()) }

// RunChecks reports mistakes in the settings of a bucket. It changes no setting, but
// creates a few objects below ".partywall/" and deletes them. Besides the rights of
// a [Store] it needs s3:GetBucketCORS, s3:GetBucketPublicAccessBlock,
// s3:GetBucketPolicy and s3:GetBucketVersioning, and s3:DeleteObjectVersion to
// delete old versions as well. origins are those of the pages that upload and download files.
func RunChecks(ctx context.Context, cfg Config, origins []string) []doctor.Finding {
	e := &checker{bucket: cfg.Bucket, region: cfg.AWS.Region, origins: origins, now: cfg.Now, cfg: cfg}
	if e.now == nil {
		e.now = time.Now
	}
	e.client = s3.NewFromConfig(awscalls.Recognizable(cfg.AWS), func(o *s3.Options) {
		o.UsePathStyle = cfg.PathStyle
		o.Retryer = aws.NopRetryer{}
	})
	return doctor.Run(ctx, e.checks())
}

func (e *checker) reach(ctx context.Context) (doctor.Finding, error) {
	before := e.now()
	out, err := e.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &e.bucket})
	after := e.now()
	header, status, answered := awscalls.Response(err)
	if what, fix, ok := e.credentialTrouble(ctx, err); ok {
		return doctor.Fail(what, fix), nil
	}
	switch there := header.Get("X-Amz-Bucket-Region"); {
	case err == nil:
		e.ofClock = doctor.Pass("S3's answer has no Date header")
		if theirs, ok := middleware.GetServerTime(out.ResultMetadata); ok {
			e.ofClock = skew.Compare("S3", theirs, before, after, time.Second)
		}
		if there = aws.ToString(out.BucketRegion); there != "" && there != e.region {
			return e.elsewhere(there), nil
		}
		return doctor.Pass("the bucket is " + e.bucket), nil
	case answered && there != "" && there != e.region:
		return e.elsewhere(there), nil
	case status == http.StatusNotFound:
		return doctor.Fail("there is no bucket "+e.bucket, "set S3_BUCKET_NAME to an existing bucket: aws s3 ls"), nil
	case status == http.StatusForbidden:
		return doctor.Fail("the bucket "+e.bucket+" refuses these credentials", "allow s3:ListBucket on arn:aws:s3:::"+e.bucket+" to them, see: aws sts get-caller-identity; a clock that is minutes off has the same effect"), nil
	case answered:
		return doctor.Fail(fmt.Sprintf("the bucket %s answers %d", e.bucket, status), "check S3_REGION, AWS_ENDPOINT_URL_S3 and S3_FORCE_PATH_STYLE"), nil
	}
	return doctor.Fail("cannot reach S3: "+awscalls.OneLine(err), "check S3_BUCKET_NAME, S3_REGION and the network access of this machine: NAT gateway, or VPC endpoint com.amazonaws."+e.region+".s3"), nil
}

// credentialTrouble is [awscalls.CredentialTrouble]. The answer to a HEAD has no
// body that names the error, so it repeats the request with a GET.
func (e *checker) credentialTrouble(ctx context.Context, err error) (what, fix string, ok bool) {
	if _, status, _ := awscalls.Response(err); status == http.StatusForbidden || status == http.StatusBadRequest {
		_, err = e.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &e.bucket, MaxKeys: aws.Int32(1)})
	}
	return awscalls.CredentialTrouble(err)
}

func (e *checker) elsewhere(region string) doctor.Finding {
	return doctor.Fail(fmt.Sprintf("the bucket %s is in %s, not in %s", e.bucket, region, e.region), "set S3_REGION="+region+", or name a bucket of "+e.region)
}

func (e *checker) clock(context.Context) (doctor.Finding, error) { return e.ofClock, nil }

// noTenantsKey is a key that no tenant can have.
const noTenantsKey = ".partywall/doctor"

// rights requests an absent object. S3 reports its absence only to callers that may list.
func (e *checker) rights(ctx context.Context) (doctor.Finding, error) {
	_, err := e.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &e.bucket, Key: aws.String(noTenantsKey)})
	switch _, status, _ := awscalls.Response(err); {
	case err == nil || status == http.StatusNotFound:
		return doctor.Pass("objects can be read"), nil
	case status == http.StatusForbidden:
		return doctor.Fail("objects cannot be read", "allow s3:GetObject on arn:aws:s3:::"+e.bucket+"/* and s3:ListBucket on arn:aws:s3:::"+e.bucket+" to the credentials of this machine"), nil
	}
	return doctor.Finding{}, err
}

// unseen is the finding about a setting that the bucket did not return. absent is the
// error code for a setting that does not exist.
func (e *checker) unseen(err error, absent, action string, none doctor.Finding) doctor.Finding {
	switch {
	case awscalls.Code(err) == absent:
		return none
	case isNotImplemented(err):
		return doctor.Pass("this server has no such setting")
	case awscalls.Denied(err):
		return doctor.Warn("no permission to read the setting", "allow "+action+" on arn:aws:s3:::"+e.bucket+" to the credentials of this machine")
	}
	return doctor.Fail("cannot read the setting: "+awscalls.OneLine(err), "check the network, and run doctor again")
}

func (e *checker) cors(ctx context.Context) (doctor.Finding, error) {
	if len(e.origins) == 0 {
		return doctor.Pass("no pages are named that move files"), nil
	}
	fix := "aws s3api put-bucket-cors --bucket " + e.bucket + " --cors-configuration file://cors.json, with the file of docs/production.md"
	out, err := e.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &e.bucket})
	if err != nil {
		return e.unseen(err, "NoSuchCORSConfiguration", "s3:GetBucketCORS", doctor.Fail("no page may: the bucket has no CORS rules", fix)), nil
	}
	for _, origin := range e.origins {
		if lacks := lacking(out.CORSRules, origin); lacks != "" {
			return doctor.Fail(origin+" may not "+lacks, fix), nil
		}
	}
	for _, origin := range e.origins {
		if hidden := hides(out.CORSRules, origin); len(hidden) > 0 {
			return doctor.Warn(origin+" cannot read "+strings.Join(hidden, ", ")+" of an answer: ExposeHeaders lacks them", fix), nil
		}
	}
	return doctor.Pass("the pages may move files"), nil
}

// sent lists the headers that pages send with a file.
var sent = []string{"content-type", "if-none-match", "x-amz-checksum-sha256"}

// lacking describes what no rule allows the pages of origin.
func lacking(rules []types.CORSRule, origin string) string {
	lets := func(method string, headers []string) bool {
		return slices.ContainsFunc(rules, func(r types.CORSRule) bool {
			return slices.Contains(r.AllowedMethods, method) && matchesAny(r.AllowedOrigins, origin) &&
				!slices.ContainsFunc(headers, func(h string) bool { return !matchesAny(r.AllowedHeaders, h) })
		})
	}
	switch {
	case !lets(http.MethodGet, nil):
		return "download: GET is not allowed"
	case !lets(http.MethodPut, nil):
		return "upload: PUT is not allowed"
	case !lets(http.MethodPut, sent):
		return "send what an upload needs: AllowedHeaders lacks some of " + strings.Join(sent, ", ")
	}
	return ""
}

// read lists the headers of an answer that pages need: to continue a partial download, to
// name a saved file, to replace a known version.
var read = []string{"ETag", "Content-Disposition", "Content-Range"}

// hides returns the elements of read that no rule exposes to the pages of origin.
func hides(rules []types.CORSRule, origin string) []string {
	return slices.DeleteFunc(slices.Clone(read), func(header string) bool {
		return slices.ContainsFunc(rules, func(r types.CORSRule) bool {
			return matchesAny(r.AllowedOrigins, origin) && slices.ContainsFunc(r.ExposeHeaders, func(h string) bool { return strings.EqualFold(h, header) })
		})
	})
}

// matchesAny reports whether a pattern matches s. A "*" stands for any text. Case does
// not matter, because these are headers.
func matchesAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		before, after, wild := strings.Cut(strings.ToLower(pattern), "*")
		s := strings.ToLower(s)
		return s == before && !wild || wild && len(s) >= len(before)+len(after) && strings.HasPrefix(s, before) && strings.HasSuffix(s, after)
	})
}

func (e *checker) public(ctx context.Context) (doctor.Finding, error) {
	fix := "aws s3api put-public-access-block --bucket " + e.bucket + " --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
	open := doctor.Warn("one mistaken policy opens the bucket to the public", fix)
	out, err := e.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &e.bucket})
	if err != nil {
		return e.unseen(err, "NoSuchPublicAccessBlockConfiguration", "s3:GetBucketPublicAccessBlock", open), nil
	}
	b := cmp.Or(out.PublicAccessBlockConfiguration, &types.PublicAccessBlockConfiguration{})
	if !aws.ToBool(b.BlockPublicAcls) || !aws.ToBool(b.IgnorePublicAcls) || !aws.ToBool(b.BlockPublicPolicy) || !aws.ToBool(b.RestrictPublicBuckets) {
		return open, nil
	}
	return doctor.Pass("the public is blocked"), nil
}

func (e *checker) transport(ctx context.Context) (doctor.Finding, error) {
	plain := doctor.Warn("a signed URL is good without TLS, too", "aws s3api put-bucket-policy --bucket "+e.bucket+" --policy file://bucket-policy.json, with the file of docs/production.md")
	out, err := e.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &e.bucket})
	if err != nil {
		return e.unseen(err, "NoSuchBucketPolicy", "s3:GetBucketPolicy", plain), nil
	}
	if !strings.Contains(aws.ToString(out.Policy), "aws:SecureTransport") {
		return plain, nil
	}
	return doctor.Pass("the policy requires TLS"), nil
}

func (e *checker) versioning(ctx context.Context) (doctor.Finding, error) {
	off := doctor.Warn("overwritten and deleted objects are lost", "aws s3api put-bucket-versioning --bucket "+e.bucket+" --versioning-configuration Status=Enabled; a store that refuses it keeps no versions, so back up its files")
	out, err := e.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &e.bucket})
	if err != nil {
		return e.unseen(err, "", "s3:GetBucketVersioning", off), nil
	}
	if out.Status != types.BucketVersioningStatusEnabled {
		return off, nil
	}
	return doctor.Pass("old versions are kept"), nil
}
