package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var _ ports.ObjectContents = (*Store)(nil)

const (
	// partSize is how much of an object is in memory. A larger object has several parts.
	partSize = 16 << 20

	// maxParts is how many parts S3 accepts.
	maxParts = 10_000

	// partTimeout is for one request with that much content.
	partTimeout = 5 * time.Minute
)

// OpenContent implements [ports.ObjectContents].
func (s *Store) OpenContent(ctx context.Context, key domain.ObjectKey) (ports.ObjectContent, error) {
	found, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(key.String())})
	if isAbsent(err) {
		return ports.ObjectContent{}, errAbsent
	}
	if err != nil {
		return ports.ObjectContent{}, translate(ctx, err)
	}
	content := ports.ObjectContent{Body: contentBody{ctx, found.Body}, Size: aws.ToInt64(found.ContentLength), ContentType: aws.ToString(found.ContentType)}
	for name, value := range map[string]*string{
		"Cache-Control": found.CacheControl, "Content-Disposition": found.ContentDisposition, "Content-Encoding": found.ContentEncoding,
		"Content-Language": found.ContentLanguage, "Expires": found.ExpiresString,
	} {
		if aws.ToString(value) == "" {
			continue
		}
		if content.Headers == nil {
			content.Headers = map[string]string{}
		}
		content.Headers[name] = *value
	}
	return content, nil
}

// contentBody reads an object, with errors of the domain.
type contentBody struct {
	ctx context.Context
	io.ReadCloser
}

// Read implements [io.Reader].
func (b contentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = translate(b.ctx, err)
	}
	return n, err
}

// PutContent implements [ports.ObjectContents]. An object of more than 16 MiB is uploaded
// in parts, which are dropped if one fails.
func (s *Store) PutContent(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	if content.Size > partSize {
		return s.putInParts(ctx, key, content)
	}
	body, err := readPart(content.Body, content.Size)
	if err == nil {
		err = expectEnd(content.Body)
	}
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	h := headersOf(content)
	_, err = s.client.PutObject(call, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: aws.String(key.String()), Body: bytes.NewReader(body), ContentLength: &content.Size,
		ContentType: h.contentType, CacheControl: h.cacheControl, ContentDisposition: h.contentDisposition, ContentEncoding: h.contentEncoding,
		ContentLanguage: h.contentLanguage, Expires: h.expires,
	})
	return translate(ctx, err)
}

// putInParts puts a large object.
func (s *Store) putInParts(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	h := headersOf(content)
	begun, err := s.client.CreateMultipartUpload(call, &s3.CreateMultipartUploadInput{
		Bucket: &s.bucket, Key: aws.String(key.String()), ContentType: h.contentType, CacheControl: h.cacheControl,
		ContentDisposition: h.contentDisposition, ContentEncoding: h.contentEncoding, ContentLanguage: h.contentLanguage, Expires: h.expires,
	})
	if err != nil {
		return translate(ctx, err)
	}
	parts, err := s.putParts(ctx, key, begun, content)
	if err == nil {
		call, cancel := context.WithTimeout(ctx, partTimeout)
		defer cancel()
		_, err = s.client.CompleteMultipartUpload(call, &s3.CompleteMultipartUploadInput{
			Bucket: &s.bucket, Key: aws.String(key.String()), UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
		err = translate(ctx, err)
	}
	if err != nil {
		abort, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		_, _ = s.client.AbortMultipartUpload(abort, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: aws.String(key.String()), UploadId: begun.UploadId}) // a purge removes what is left
	}
	return err
}

// putParts uploads the parts of a content. The SDK sends a checksum of each part, which the
// server verifies and returns. It must be repeated at the end of an upload that was begun
// with an algorithm, and must not be repeated at the end of another.
func (s *Store) putParts(ctx context.Context, key domain.ObjectKey, upload *s3.CreateMultipartUploadOutput, content ports.ObjectContent) (parts []types.CompletedPart, err error) {
	size := max(partSize, (content.Size+maxParts-1)/maxParts)
	for left := content.Size; left > 0; left -= size {
		body, err := readPart(content.Body, min(size, left))
		if err != nil {
			return nil, err
		}
		number := aws.Int32(int32(len(parts) + 1)) //nolint:gosec // at most maxParts
		part, err := s.putPart(ctx, &s3.UploadPartInput{Bucket: &s.bucket, Key: aws.String(key.String()), UploadId: upload.UploadId, PartNumber: number, Body: bytes.NewReader(body)})
		if err != nil {
			return nil, translate(ctx, err)
		}
		completed := types.CompletedPart{PartNumber: number, ETag: part.ETag}
		if upload.ChecksumAlgorithm != "" {
			completed.ChecksumCRC32, completed.ChecksumCRC32C, completed.ChecksumCRC64NVME = part.ChecksumCRC32, part.ChecksumCRC32C, part.ChecksumCRC64NVME
			completed.ChecksumSHA1, completed.ChecksumSHA256 = part.ChecksumSHA1, part.ChecksumSHA256
		}
		parts = append(parts, completed)
	}
	return parts, expectEnd(content.Body)
}

func (s *Store) putPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	call, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	return s.client.UploadPart(call, in)
}

// readPart reads that many bytes.
func readPart(body io.Reader, size int64) ([]byte, error) {
	part := make([]byte, size)
	if _, err := io.ReadFull(body, part); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, ports.ErrContentSize
	} else if err != nil {
		return nil, err
	}
	return part, nil
}

// expectEnd fails unless the body has ended.
func expectEnd(body io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(body, 1))
	if err == nil && n > 0 {
		return ports.ErrContentSize
	}
	return err
}

// contentHeaders are the headers of an object, nil where it has none.
type contentHeaders struct {
	contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage *string
	expires                                                                         *time.Time
}

func headersOf(content ports.ObjectContent) contentHeaders {
	get := func(value string) *string {
		if value == "" {
			return nil
		}
		return &value
	}
	h := contentHeaders{
		contentType:        get(content.ContentType),
		cacheControl:       get(content.Headers["Cache-Control"]),
		contentDisposition: get(content.Headers["Content-Disposition"]),
		contentEncoding:    get(content.Headers["Content-Encoding"]),
		contentLanguage:    get(content.Headers["Content-Language"]),
	}
	if at, err := http.ParseTime(content.Headers["Expires"]); err == nil { // the library sends no other
		h.expires = &at
	}
	return h
}
