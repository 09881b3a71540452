package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// maxPage is the longest list that S3 returns.
const maxPage = 1000

// pageOf returns the length of a list that is requested.
func pageOf(limit int) *int32 { return aws.Int32(int32(min(limit, maxPage))) }

// List implements [ports.ObjectStore]. Keys that no [domain.ObjectKey] has, such as the
// folders of Amazon's console, are left out.
func (s *Store) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	var page []ports.ListedObject
	for start := after.String(); len(page) < limit; {
		listed, err := s.list(ctx, prefix.String(), start, limit-len(page))
		if err != nil {
			return nil, err
		}
		for _, o := range listed.Contents {
			start = *o.Key
			if key, err := domain.ParseObjectKey(start); err == nil {
				page = append(page, ports.ListedObject{Key: key, Size: aws.ToInt64(o.Size), ModifiedAt: aws.ToTime(o.LastModified).UTC()})
			}
		}
		if !aws.ToBool(listed.IsTruncated) || len(listed.Contents) == 0 {
			break
		}
	}
	return page, nil
}

// list asks for one page of the keys that begin with prefix and come after start.
func (s *Store) list(ctx context.Context, prefix, start string, limit int) (*s3.ListObjectsV2Output, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix, MaxKeys: pageOf(limit), EncodingType: types.EncodingTypeUrl}
	if start != "" {
		in.StartAfter = &start
	}
	listed, err := s.client.ListObjectsV2(call, in)
	if err != nil {
		return nil, translate(ctx, err)
	}
	for i, o := range listed.Contents {
		key, err := decodeKey(o.Key, listed.EncodingType, prefix)
		if err != nil {
			return nil, err
		}
		listed.Contents[i].Key = &key
	}
	return listed, nil
}

// decodeKey decodes a key of a list. The server encodes keys, because XML cannot spell
// every one. A key that does not begin with prefix is an error: a server that ignores
// the prefix lists other tenants' objects.
func decodeKey(encoded *string, encoding types.EncodingType, prefix string) (key string, err error) {
	key = aws.ToString(encoded)
	if encoding == types.EncodingTypeUrl {
		if key, err = url.QueryUnescape(key); err != nil {
			return "", domain.NewError(domain.CodeObjectStoreUnavailable).WithCause(err)
		}
	}
	if !strings.HasPrefix(key, prefix) {
		return "", domain.Errorf(domain.Internal, "the object store cannot be used").WithCause(errIgnoresPrefix)
	}
	return key, nil
}
