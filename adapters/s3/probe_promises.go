package s3

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// promiseTrials are those whose breach harms only the tenant's own files.
var promiseTrials = []trial{sendAnotherSize, sendAnotherType, sendAnotherSum, replaceAnObject, sendUnsignedHeaders}

// tryPromises runs the trials, and deletes what they created.
func tryPromises(ctx context.Context, p *probe) (breaches []string, err error) {
	defer func() {
		if cleanErr := p.clean(ctx); err == nil && ctx.Err() == nil {
			err = cleanErr
		}
	}()
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	for _, try := range promiseTrials {
		breach, err := try(ctx, p)
		if err != nil {
			return nil, err
		}
		if breach != "" {
			breaches = append(breaches, breach)
		}
	}
	return breaches, nil
}

func sendAnotherSize(ctx context.Context, p *probe) (string, error) {
	url := p.url(http.MethodPut, "size", param{"content-length", "5"})
	if got, err := p.send(ctx, http.MethodPut, url, "123456"); err != nil || got.accepted() {
		return only("an upload may have another size than was signed", err)
	}
	return "", nil
}

func sendAnotherType(ctx context.Context, p *probe) (string, error) {
	url := p.url(http.MethodPut, "type", param{"content-type", "text/plain"})
	if got, err := p.send(ctx, http.MethodPut, url, "type", param{"content-type", "text/html"}); err != nil || got.accepted() {
		return only("an upload may have another type than was signed", err)
	}
	return "", nil
}

func sendAnotherSum(ctx context.Context, p *probe) (string, error) {
	const name, breach = "X-Amz-Checksum-Sha256", "an upload may have another SHA-256 than was signed"
	hash := sha256.Sum256([]byte("these bytes"))
	sum := param{strings.ToLower(name), base64.StdEncoding.EncodeToString(hash[:])}
	url := p.url(http.MethodPut, "sum", sum)
	if got, err := p.send(ctx, http.MethodPut, url, "other bytes", sum); err != nil || got.accepted() {
		return only(breach, err)
	}
	if got, err := p.send(ctx, http.MethodPut, url, "other bytes"); err != nil || got.accepted() {
		return only(breach, err)
	}
	return "", nil
}

func replaceAnObject(ctx context.Context, p *probe) (string, error) {
	const breach = "an upload that was signed for a new file may replace one"
	absent := param{"if-none-match", "*"}
	url := p.url(http.MethodPut, sourceName, absent)
	for _, headers := range [][]param{{absent}, nil} {
		if got, err := p.send(ctx, http.MethodPut, url, sourceContent, headers...); err != nil || got.accepted() {
			return only(breach, err)
		}
	}
	return "", nil
}

// unsignedHeaders lists headers that request something of the store that none of our URLs grants.
var unsignedHeaders = []param{
	{"x-amz-acl", "public-read"},
	{"x-amz-grant-read", `uri="http://acs.amazonaws.com/groups/global/AllUsers"`},
	{"x-amz-tagging", "probe=1"},
	{"x-amz-storage-class", "STANDARD"},
	{"x-amz-website-redirect-location", "https://example.com/"},
	{"x-amz-meta-probe", "1"},
	{"x-amz-server-side-encryption", "AES256"},
	{"x-amz-server-side-encryption-customer-algorithm", "AES256"},
}

// sendUnsignedHeaders names the unsignedHeaders that the server accepts.
func sendUnsignedHeaders(ctx context.Context, p *probe) (string, error) {
	var taken []string
	for _, h := range unsignedHeaders {
		got, err := p.put(ctx, "header", "header", h)
		if err != nil {
			return "", err
		}
		if got.accepted() {
			taken = append(taken, h.name)
		}
	}
	if len(taken) == 0 {
		return "", nil
	}
	return fmt.Sprintf("an upload may carry unsigned headers: %s", strings.Join(taken, ", ")), nil
}
