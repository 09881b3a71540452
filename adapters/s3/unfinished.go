package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// unfinished is a multipart upload that was not completed.
type unfinished struct{ key, id string }

func (u unfinished) name() string { return u.key }

func (u unfinished) remove(ctx context.Context, client *s3.Client, bucket string) error {
	_, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: &u.key, UploadId: &u.id})
	if isAbsent(err) {
		return nil
	}
	return err
}

// uploads lists at most limit unfinished uploads of keys in folder. A server that does
// not implement multipart uploads has none.
func (s *Store) uploads(ctx context.Context, folder string, limit int) ([]removable, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	listed, err := s.client.ListMultipartUploads(call, &s3.ListMultipartUploadsInput{
		Bucket: &s.bucket, Prefix: &folder, MaxUploads: pageOf(limit), EncodingType: types.EncodingTypeUrl,
	})
	if isNotImplemented(err) {
		return nil, nil
	}
	if err != nil {
		return nil, translate(ctx, err)
	}
	found := make([]removable, len(listed.Uploads))
	for i, u := range listed.Uploads {
		key, err := decodeKey(u.Key, listed.EncodingType, folder)
		if err != nil {
			return nil, err
		}
		found[i] = unfinished{key, aws.ToString(u.UploadId)}
	}
	return found, nil
}
