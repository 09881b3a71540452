package s3_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/partywall-go/partywall/ports/doctor"
)

// command is a command of the AWS CLI in a fix.
var command = regexp.MustCompile(`aws s3api (\S+) --bucket (\S+) --\S+ ([^ ,;]+)`)

// documented returns the JSON of docs/production.md that begins as given.
func documented(t *testing.T, begin, bucket string) []byte {
	t.Helper()
	page, err := os.ReadFile("../../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```json\n(" + regexp.QuoteMeta(begin) + ".*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatalf("the docs have no JSON that begins with %s", begin)
	}
	return []byte(strings.ReplaceAll(string(block[1]), "BUCKET", bucket))
}

// run does what the AWS CLI does for a command, with the files of the docs.
func run(ctx context.Context, t *testing.T, api *client.Client, subcommand, bucket, argument string) error {
	t.Helper()
	switch subcommand {
	case "create-bucket":
		_, err := api.CreateBucket(ctx, &client.CreateBucketInput{Bucket: &bucket})
		return err
	case "put-bucket-cors":
		var rules types.CORSConfiguration
		if err := json.Unmarshal(documented(t, `{"CORSRules"`, bucket), &rules); err != nil {
			t.Fatal(err)
		}
		_, err := api.PutBucketCors(ctx, &client.PutBucketCorsInput{Bucket: &bucket, CORSConfiguration: &rules})
		return err
	case "put-bucket-policy":
		_, err := api.PutBucketPolicy(ctx, &client.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(string(documented(t, `{"Version"`, bucket)))})
		return err
	case "put-bucket-versioning":
		status := types.BucketVersioningStatus(strings.TrimPrefix(argument, "Status="))
		_, err := api.PutBucketVersioning(ctx, &client.PutBucketVersioningInput{Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
		return err
	case "put-public-access-block":
		block := types.PublicAccessBlockConfiguration{}
		for name, field := range map[string]**bool{"BlockPublicAcls": &block.BlockPublicAcls, "IgnorePublicAcls": &block.IgnorePublicAcls, "BlockPublicPolicy": &block.BlockPublicPolicy, "RestrictPublicBuckets": &block.RestrictPublicBuckets} {
			*field = aws.Bool(strings.Contains(argument, name+"=true"))
		}
		_, err := api.PutPublicAccessBlock(ctx, &client.PutPublicAccessBlockInput{Bucket: &bucket, PublicAccessBlockConfiguration: &block})
		return err
	}
	t.Fatalf("no test runs %s", subcommand)
	return nil
}

// TestTheAdviceAboutABucket runs the command of each finding against a server, and
// sees the finding gone.
func TestTheAdviceAboutABucket(t *testing.T) {
	cfg := configOf(server.Get(t))
	cfg.Bucket = "advice"
	api := server.Get(t).Client()
	if _, err := api.CreateBucket(t.Context(), &client.CreateBucketInput{Bucket: &cfg.Bucket}); err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, check := range []string{"bucket-cors", "bucket-public", "bucket-transport", "bucket-versioning"} {
		t.Run(check, func(t *testing.T) {
			f := runChecks(t, cfg, origins)[check]
			if f.Severity == doctor.OK {
				return // this server has no such setting
			}
			found := command.FindStringSubmatch(f.Fix)
			if found == nil || found[2] != cfg.Bucket {
				t.Fatalf("no command for the bucket in %q", f.Fix)
			}
			if err := run(t.Context(), t, api, found[1], found[2], found[3]); err != nil {
				t.Fatalf("%s: %v", found[0], err)
			}
			if f := runChecks(t, cfg, origins)[check]; f.Severity != doctor.OK {
				t.Errorf("after the advice: %+v", f)
			}
			followed++
		})
	}
	if followed < 3 {
		t.Errorf("only %d commands were followed", followed)
	}
}

// TestTheAdviceAboutABucketThatDoesNotExist sets S3_BUCKET_NAME to one that the advised
// command lists.
func TestTheAdviceAboutABucketThatDoesNotExist(t *testing.T) {
	cfg := configOf(server.Get(t))
	cfg.Bucket = "nowhere"
	if f := runChecks(t, cfg, nil)["bucket"]; f.Severity != doctor.Error || !strings.Contains(f.Fix, "set S3_BUCKET_NAME to an existing bucket: aws s3 ls") {
		t.Errorf("%+v", f)
	}
	buckets, err := server.Get(t).Client().ListBuckets(t.Context(), &client.ListBucketsInput{})
	if err != nil || len(buckets.Buckets) == 0 {
		t.Fatalf("aws s3 ls lists %v, %v", buckets, err)
	}
	cfg.Bucket = *buckets.Buckets[0].Name
	if f := runChecks(t, cfg, nil)["bucket"]; f.Severity != doctor.OK {
		t.Errorf("after the advice: %+v", f)
	}
}

// TestTheBucketOfTheDocsSatisfiesTheDoctor runs the commands of the chapter about the
// bucket, one after the other.
func TestTheBucketOfTheDocsSatisfiesTheDoctor(t *testing.T) {
	page, err := os.ReadFile("../../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	cfg := configOf(server.Get(t))
	cfg.Bucket = "chapter"
	api := server.Get(t).Client()
	commands := regexp.MustCompile(`aws s3api (\S+) --bucket (\S+) --\S+ (\S+)`).FindAllStringSubmatch(strings.ReplaceAll(string(page), "BUCKET", cfg.Bucket), -1)
	if len(commands) != 5 {
		t.Fatalf("the docs have the commands %q", commands)
	}
	for _, c := range commands {
		var lacks smithy.APIError
		if err := run(t.Context(), t, api, c[1], c[2], c[3]); errors.As(err, &lacks) && lacks.ErrorCode() == "NotImplemented" {
			t.Logf("the server of the tests lacks %s", c[1])
		} else if err != nil {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	for check, f := range runChecks(t, cfg, []string{"https://app.example.com"}) {
		if f.Severity != doctor.OK && strings.HasPrefix(check, "bucket") {
			t.Errorf("the doctor finds %+v", f)
		}
	}
}
