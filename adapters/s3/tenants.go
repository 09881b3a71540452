package s3

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/partywall-go/partywall/domain"
)

// separator ends the first segment of a key.
const separator = "/"

// errRepeatsPage is the cause of an error about a server whose list never ends.
var errRepeatsPage = errors.New("a list of folders begins where the page before began")

// Tenants implements [ports.ObjectTenants]. It lists the first segments of the keys, a
// page in a request, old versions and markers included.
func (s *Store) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		list := s.foldersOfVersions
		for at, more := (folderMarker{}), true; more; {
			page, err := list(ctx, at)
			if isNotImplemented(err) {
				list = s.foldersOfObjects // the server keeps no versions
				page, err = list(ctx, at)
			}
			if err == nil && page.more && page.next == at {
				err = domain.Errorf(domain.Internal, "the object store cannot be used").WithCause(errRepeatsPage)
			}
			if err != nil {
				yield(domain.TenantID{}, translate(ctx, err))
				return
			}
			for _, folder := range page.folders {
				id, err := domain.ParseTenantID(strings.TrimSuffix(folder, separator))
				if err == nil && folderOf(id) == folder && !yield(id, nil) {
					return
				}
			}
			at, more = page.next, page.more
		}
	}
}

// folderPage is a page of the first segments of keys.
type folderPage struct {
	folders []string
	more    bool
	next    folderMarker // if there are more
}

// folderMarker is where a page begins, as the server said. The zero folderMarker is the
// beginning of the list.
type folderMarker struct{ key, version string }

func (s *Store) foldersOfVersions(ctx context.Context, at folderMarker) (folderPage, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	in := &s3.ListObjectVersionsInput{
		Bucket: &s.bucket, Delimiter: aws.String(separator), MaxKeys: pageOf(maxPage), EncodingType: types.EncodingTypeUrl,
		KeyMarker: orNil(at.key), VersionIdMarker: orNil(at.version),
	}
	listed, err := s.client.ListObjectVersions(call, in)
	if err != nil {
		return folderPage{}, err
	}
	key, err := decodeKey(listed.NextKeyMarker, listed.EncodingType, "")
	if err != nil {
		return folderPage{}, err
	}
	return newFolderPage(listed.CommonPrefixes, listed.EncodingType, listed.IsTruncated, folderMarker{key, aws.ToString(listed.NextVersionIdMarker)})
}

func (s *Store) foldersOfObjects(ctx context.Context, at folderMarker) (folderPage, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	in := &s3.ListObjectsV2Input{
		Bucket: &s.bucket, Delimiter: aws.String(separator), MaxKeys: pageOf(maxPage), EncodingType: types.EncodingTypeUrl,
		ContinuationToken: orNil(at.key),
	}
	listed, err := s.client.ListObjectsV2(call, in)
	if err != nil {
		return folderPage{}, err
	}
	return newFolderPage(listed.CommonPrefixes, listed.EncodingType, listed.IsTruncated, folderMarker{key: aws.ToString(listed.NextContinuationToken)})
}

func newFolderPage(listed []types.CommonPrefix, encoding types.EncodingType, more *bool, next folderMarker) (folderPage, error) {
	page := folderPage{more: aws.ToBool(more), next: next}
	for _, prefix := range listed {
		folder, err := decodeKey(prefix.Prefix, encoding, "")
		if err != nil {
			return folderPage{}, err
		}
		page.folders = append(page.folders, folder)
	}
	return page, nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
