package s3_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/ports"
)

// BenchmarkPresign compares a complete signature of a PUT by this package with the SDK's
// two ways to create one.
func BenchmarkPresign(b *testing.B) {
	cfg := aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}
	key := keyOf(b, "acme/reports/2026 Q1.pdf")
	size := int64(123_456)
	full := ports.Upload{Size: sized(size), ContentType: "application/pdf", SHA256: make([]byte, 32), IfAbsent: true, TTL: 15 * time.Minute}
	sum := base64.StdEncoding.EncodeToString(full.SHA256)

	for name, upload := range map[string]ports.Upload{
		"Store/plain":      {TTL: 15 * time.Minute},
		"Store/size+type":  {Size: full.Size, ContentType: full.ContentType, TTL: full.TTL},
		"Store/everything": full,
	} {
		b.Run(name, func(b *testing.B) {
			store := newStore(b, s3.Config{Bucket: "files", AWS: cfg})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.SignUpload(b.Context(), key, upload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("v4.Signer/size+type", func(b *testing.B) {
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		creds := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}
		b.ReportAllocs()
		for b.Loop() {
			req := &http.Request{Method: http.MethodPut, ContentLength: size, Header: http.Header{"Content-Type": {full.ContentType}}, URL: &url.URL{
				Scheme: "https", Host: "files.s3.eu-central-1.amazonaws.com", Path: "/acme/reports/2026 Q1.pdf", RawPath: "/acme/reports/2026%20Q1.pdf", RawQuery: "X-Amz-Expires=900",
			}}
			if _, _, err := signer.PresignHTTP(b.Context(), creds, req, "UNSIGNED-PAYLOAD", "s3", "eu-central-1", time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("PresignClient/everything", func(b *testing.B) {
		client := awss3.NewPresignClient(awss3.NewFromConfig(cfg))
		b.ReportAllocs()
		for b.Loop() {
			_, err := client.PresignPutObject(b.Context(), &awss3.PutObjectInput{
				Bucket: aws.String("files"), Key: aws.String(key.String()), ContentLength: &size, ContentType: &full.ContentType,
				ChecksumSHA256: &sum, IfNoneMatch: aws.String("*"),
			}, awss3.WithPresignExpires(full.TTL))
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
