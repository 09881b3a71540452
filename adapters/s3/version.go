package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// version is a version of an object, or the marker of a deleted one. The ID is empty if
// the server keeps no versions.
type version struct{ key, id string }

func (v version) name() string { return v.key }

func (v version) remove(ctx context.Context, client *s3.Client, bucket string) error {
	in := &s3.DeleteObjectInput{Bucket: &bucket, Key: &v.key}
	if v.id != "" {
		in.VersionId = &v.id
	}
	_, err := client.DeleteObject(ctx, in)
	if isAbsent(err) { // S3 itself reports success; other servers do not
		return nil
	}
	return err
}

// versions lists at most limit versions and markers of the keys in folder. A server that
// does not implement versions has none but the objects.
func (s *Store) versions(ctx context.Context, folder string, limit int) ([]removable, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	listed, err := s.client.ListObjectVersions(call, &s3.ListObjectVersionsInput{
		Bucket: &s.bucket, Prefix: &folder, MaxKeys: pageOf(limit), EncodingType: types.EncodingTypeUrl,
	})
	if isNotImplemented(err) {
		return s.objects(ctx, folder, limit)
	}
	if err != nil {
		return nil, translate(ctx, err)
	}
	found := make([]removable, 0, len(listed.Versions)+len(listed.DeleteMarkers))
	add := func(key, id *string) error {
		decoded, err := decodeKey(key, listed.EncodingType, folder)
		found = append(found, version{decoded, aws.ToString(id)})
		return err
	}
	for _, v := range listed.Versions {
		if err := add(v.Key, v.VersionId); err != nil {
			return nil, err
		}
	}
	for _, marker := range listed.DeleteMarkers {
		if err := add(marker.Key, marker.VersionId); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// objects lists at most limit objects in folder, as versions without an ID.
func (s *Store) objects(ctx context.Context, folder string, limit int) ([]removable, error) {
	listed, err := s.list(ctx, folder, "", limit)
	if err != nil {
		return nil, err
	}
	found := make([]removable, len(listed.Contents))
	for i, o := range listed.Contents {
		found[i] = version{key: *o.Key}
	}
	return found, nil
}
