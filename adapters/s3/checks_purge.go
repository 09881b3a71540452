package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/ports/doctor"
)

// purgeRights makes the requests of a purge for a key that no tenant can have. They
// change nothing, because there is no such object, version or upload.
func (e *checker) purgeRights(ctx context.Context) (doctor.Finding, error) {
	bucket, objects := "arn:aws:s3:::"+e.bucket, "arn:aws:s3:::"+e.bucket+"/*"
	if err := e.listVersions(ctx); awscalls.Denied(err) {
		return e.lacksRight("s3:ListBucketVersions", bucket, doctor.Fail, "no tenant can be created or purged, since the program cannot find out whether files lie under its ID"), nil
	} else if err != nil && !isNotImplemented(err) {
		return doctor.Finding{}, err
	}
	for _, try := range []struct {
		right, on string
		call      func(context.Context) error
	}{
		{"s3:ListBucketMultipartUploads", bucket, e.listUploads},
		{"s3:DeleteObjectVersion", objects, e.deleteVersion},
		{"s3:AbortMultipartUpload", objects, e.abortUpload},
	} {
		if err := try.call(ctx); awscalls.Denied(err) {
			return e.lacksRight(try.right, try.on, doctor.Warn, "deleted tenants are not purged"), nil
		}
	}
	return doctor.Pass("all that the store keeps of a tenant can be found and removed"), nil
}

func (e *checker) lacksRight(right, on string, finding func(what, fix string) doctor.Finding, what string) doctor.Finding {
	return finding(what, "allow "+right+" on "+on+" to the credentials of this machine")
}

func (e *checker) listVersions(ctx context.Context) error {
	_, err := e.client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &e.bucket, Prefix: aws.String(noTenantsKey), MaxKeys: aws.Int32(1)})
	return err
}

func (e *checker) listUploads(ctx context.Context) error {
	_, err := e.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &e.bucket, Prefix: aws.String(noTenantsKey), MaxUploads: aws.Int32(1)})
	return err
}

func (e *checker) deleteVersion(ctx context.Context) error {
	_, err := e.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &e.bucket, Key: aws.String(noTenantsKey), VersionId: aws.String("null")})
	return err
}

func (e *checker) abortUpload(ctx context.Context) error {
	_, err := e.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &e.bucket, Key: aws.String(noTenantsKey), UploadId: aws.String("none")})
	return err
}
