package s3

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// isolationFound is the result of [tryIsolation].
type isolationFound struct {
	breach  string // what the bearer of a URL can do beyond its purpose; the first that was found
	guarded bool   // there is no breach if uploads are signed with the guard, and only then
}

// isolationTrials are those whose breach opens one tenant's files to members of others.
var isolationTrials = []trial{
	forgeSignature, leaveSignatureOut, copyAnother, unpackIntoOthers, useForAnotherKey, useForAnotherMethod, addParameter, escapeTwice, useLater,
}

// tryIsolation runs the trials, with the guard if the server needs it, and
// deletes what they created.
func tryIsolation(ctx context.Context, p *probe) (found isolationFound, err error) {
	defer func() {
		if cleanErr := p.clean(ctx); err == nil && ctx.Err() == nil {
			err = cleanErr
		}
	}()
	if err := p.begin(ctx); err != nil {
		return found, err
	}
	if found.breach, err = p.firstBreach(ctx); err != nil || found.breach == "" {
		return found, err
	}
	p.guarded = true
	if err := p.begin(ctx); err != nil {
		return found, ignoreRefusal(err)
	}
	left, err := p.firstBreach(ctx)
	if err == nil && left == "" {
		return isolationFound{guarded: true}, nil
	}
	return found, err
}

// firstBreach runs the isolation trials until one finds a breach.
func (p *probe) firstBreach(ctx context.Context) (string, error) {
	for _, try := range isolationTrials {
		if breach, err := try(ctx, p); err != nil || breach != "" {
			return breach, err
		}
	}
	return "", nil
}

// ignoreRefusal returns err unless the server refused a guarded PUT because it does not
// support the guard.
func ignoreRefusal(err error) error {
	if _, refused := errors.AsType[refusedPut](err); refused {
		return nil
	}
	return err
}

func forgeSignature(ctx context.Context, p *probe) (string, error) {
	url := p.url(http.MethodGet, sourceName)
	last := "0"
	if strings.HasSuffix(url, "0") {
		last = "1"
	}
	got, err := p.send(ctx, http.MethodGet, url[:len(url)-1]+last, "")
	if err == nil && got.accepted() {
		return "anyone reads every file, because signatures are not verified", nil
	}
	return "", err
}

func leaveSignatureOut(ctx context.Context, p *probe) (string, error) {
	url, _, _ := strings.Cut(p.url(http.MethodGet, sourceName), "?")
	got, err := p.send(ctx, http.MethodGet, url, "")
	if err == nil && got.accepted() {
		return "anyone reads every file, because the bucket is public", nil
	}
	url, _, _ = strings.Cut(p.url(http.MethodPut, "unsigned"), "?")
	if got, err = p.send(ctx, http.MethodPut, url, "unsigned"); err == nil && got.accepted() {
		return "anyone writes every file, because the bucket is public", nil
	}
	return "", err
}

// copyAnother adds to an upload the unsigned header that makes it a copy of
// another object. A refusal with 403 is safe. A refusal with 400 is safe only if the
// server refuses any unsigned header with 400, even one without a meaning. Otherwise it
// may concern only this copy.
func copyAnother(ctx context.Context, p *probe) (string, error) {
	const own = "the upload's own bytes"
	got, err := p.put(ctx, "copy", own, param{"x-amz-copy-source", p.bucket + "/" + p.folder + sourceName})
	if err != nil {
		return "", err
	}
	switch {
	case got.status == http.StatusForbidden:
		return "", nil
	case got.status == http.StatusBadRequest:
		harmless, err := p.put(ctx, "harmless", own, param{"x-amz-partywall", "probe"})
		if err != nil || harmless.status == http.StatusBadRequest {
			return "", err
		}
	case got.accepted():
		content, _, err := p.holds(ctx, "copy")
		if err != nil || content == own { // the header is ignored
			return "", err
		}
	}
	return fmt.Sprintf("a member copies any tenant's file, because an upload may carry an unsigned x-amz-copy-source (the server answers %d)", got.status), nil
}

// unpackIntoOthers adds to an upload the unsigned header that makes MinIO unpack
// an archive into objects anywhere in the bucket.
func unpackIntoOthers(ctx context.Context, p *probe) (string, error) {
	var archive strings.Builder
	const content = "unpacked"
	w := tar.NewWriter(&archive)
	err := errors.Join(
		w.WriteHeader(&tar.Header{Name: p.folder + "unpacked", Mode: 0o600, Size: int64(len(content)), ModTime: time.Unix(0, 0)}),
		writeString(w, content),
		w.Close(),
	)
	if err != nil {
		return "", err
	}
	if _, err := p.put(ctx, "archive.tar", archive.String(), param{"x-amz-meta-snowball-auto-extract", "true"}); err != nil {
		return "", err
	}
	_, unpacked, err := p.holds(ctx, "unpacked")
	if err == nil && unpacked {
		return "a member writes any tenant's file, because an upload may carry an unsigned x-amz-meta-snowball-auto-extract", nil
	}
	return "", err
}

func writeString(w *tar.Writer, s string) error {
	_, err := w.Write([]byte(s))
	return err
}

func useForAnotherKey(ctx context.Context, p *probe) (string, error) {
	const breach = "a URL opens every file, because the signature does not cover the key"
	url := strings.Replace(p.url(http.MethodGet, "mine"), "/mine?", "/"+sourceName+"?", 1)
	if got, err := p.send(ctx, http.MethodGet, url, ""); err != nil || got.accepted() {
		return only(breach, err)
	}
	url = strings.Replace(p.url(http.MethodPut, "mine"), "/mine?", "/other?", 1)
	if got, err := p.send(ctx, http.MethodPut, url, "other"); err != nil || got.accepted() {
		return only(breach, err)
	}
	return "", nil
}

func useForAnotherMethod(ctx context.Context, p *probe) (string, error) {
	const breach = "a URL to read a file also replaces or deletes it, because the signature does not cover the method"
	url := p.url(http.MethodGet, sourceName)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		if got, err := p.send(ctx, method, url, sourceContent); err != nil || got.accepted() {
			return only(breach, err)
		}
	}
	return "", nil
}

// addParameter turns a request for an object into one for a subresource of it.
func addParameter(ctx context.Context, p *probe) (string, error) {
	const breach = "a URL does more than it was signed for, because parameters may be added to it"
	get := p.url(http.MethodGet, sourceName)
	for _, more := range []string{"x-id=GetObject", "response-content-type=text/html", "acl", "tagging", "versionId=null", "partNumber=1"} {
		if got, err := p.send(ctx, http.MethodGet, get+"&"+more, ""); err != nil || got.accepted() {
			return only(breach, err)
		}
	}
	put := p.url(http.MethodPut, sourceName)
	for _, more := range []string{"x-id=PutObject", "acl", "partNumber=1&uploadId=probe"} {
		if got, err := p.send(ctx, http.MethodPut, put+"&"+more, sourceContent); err != nil || got.accepted() {
			return only(breach, err)
		}
	}
	return "", nil
}

// escapeTwice creates an object whose name looks escaped. A server that decodes it
// once too often lets a name leave its folder.
func escapeTwice(ctx context.Context, p *probe) (string, error) {
	const name, climbed = "folder%2F..%2Fclimbed", "climbed"
	got, err := p.put(ctx, name, "climbed")
	if err != nil {
		return "", err
	}
	_, found, err := p.holds(ctx, climbed)
	if err == nil && found {
		return "a file name leads to any tenant's file, because keys are decoded twice", nil
	}
	if got.accepted() {
		if _, kept, keptErr := p.holds(ctx, name); keptErr == nil && !kept {
			return "a file name leads to another file than the one that it names, because keys are rewritten", nil
		}
	}
	return "", err
}

func useLater(ctx context.Context, p *probe) (string, error) {
	got, err := p.send(ctx, http.MethodGet, p.urlAt(p.now().Add(-time.Hour), http.MethodGet, sourceName), "")
	if err == nil && got.accepted() {
		return "a removed member can still read, because URLs do not expire", nil
	}
	return "", err
}

// only returns breach unless there is an error.
func only(breach string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return breach, nil
}
