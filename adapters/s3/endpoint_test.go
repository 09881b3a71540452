package s3

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestEndpoint(t *testing.T) {
	for _, test := range []struct {
		bucket, region, base string
		pathStyle            bool
		want                 string
	}{
		{"files", "us-east-1", "", false, "https://files.s3.us-east-1.amazonaws.com/"},
		{"files", "eu-central-1", "", true, "https://s3.eu-central-1.amazonaws.com/files/"},
		{"files.example.com", "eu-central-1", "", false, "https://s3.eu-central-1.amazonaws.com/files.example.com/"},
		{"files", "cn-north-1", "", false, "https://files.s3.cn-north-1.amazonaws.com.cn/"},
		{"files", "us-east-1", "http://127.0.0.1:7070", false, "http://127.0.0.1:7070/files/"},
		{"files", "us-east-1", "http://localhost:9000", false, "http://files.localhost:9000/"},
		{"files", "us-east-1", "http://localhost:9000", true, "http://localhost:9000/files/"},
		{"files", "us-east-1", "https://minio.example.com:443/store/", true, "https://minio.example.com/store/files/"},
		{"files", "us-east-1", "http://minio.example.com:80", true, "http://minio.example.com/files/"},
		{"Files_Of_Old", "us-east-1", "", false, "https://s3.us-east-1.amazonaws.com/Files_Of_Old/"},
		{"arn:aws:s3:eu-west-1:123456789012:accesspoint/files", "eu-west-1", "", false, "https://files-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/"},
	} {
		t.Run(test.bucket+" of "+test.region+" is at "+test.want, func(t *testing.T) {
			client := s3.NewFromConfig(awsConfig(test.region, test.base), func(o *s3.Options) { o.UsePathStyle = test.pathStyle })
			got, err := resolve(t.Context(), client.Options(), test.bucket)
			if err != nil {
				t.Fatal(err)
			}
			if at := got.scheme + "://" + got.host + got.path; at != test.want {
				t.Errorf("got %s", at)
			}
			if got.region != test.region || got.service != "s3" {
				t.Errorf("it signs for %s in %s", got.service, got.region)
			}
			mustAgreeWithSDK(t, client, test.bucket, got)
		})
	}
	for name, bucket := range map[string]string{
		"no name":                     "",
		"a multi-region access point": "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
		"a directory bucket":          "files--use1-az4--x-s3",
	} {
		t.Run(name+" can't be used", func(t *testing.T) {
			if _, err := New(Config{Bucket: bucket, AWS: awsConfig("us-east-1", "")}); err == nil {
				t.Error("it can")
			}
		})
	}
	t.Run("a bucket needs a region", func(t *testing.T) {
		if _, err := New(Config{Bucket: "files", AWS: awsConfig("", "")}); err == nil {
			t.Error("it doesn't")
		}
	})
}

func awsConfig(region, base string) aws.Config {
	cfg := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}
	if base != "" {
		cfg.BaseEndpoint = &base
	}
	return cfg
}

// mustAgreeWithSDK requires that the SDK's presigner sends requests to the same address.
func mustAgreeWithSDK(t *testing.T, client *s3.Client, bucket string, got endpoint) {
	t.Helper()
	signed, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("key")})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != got.scheme || hostHeader(u.Scheme, u.Host) != got.host || u.EscapedPath() != got.path+"key" {
		t.Errorf("the SDK goes to %s", u.Redacted())
	}
}
