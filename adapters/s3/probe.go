package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// probeFolder is where trials make their objects: no tenant's ID begins with a dot.
const probeFolder = ".partywall/"

// probe does to a server what the holder of a signed URL may do, with objects of
// its own.
type probe struct {
	client    *s3.Client
	http      aws.HTTPClient
	bucket    string
	presigner *presigner
	creds     aws.Credentials
	now       func() time.Time
	guarded   bool // sign uploads with the guard

	folder string
	made   map[version]struct{}
}

// version is one that a trial made of an object; ID is empty where the server
// keeps none.
type version struct{ key, id string }

func newProbe(client *s3.Client, bucket string, signer *presigner, creds aws.Credentials, now func() time.Time) *probe {
	options := client.Options()
	return &probe{
		client: client, http: options.HTTPClient, bucket: bucket, presigner: signer, creds: creds, now: now,
		folder: probeFolder + "probe-" + rand.Text() + "/", made: map[version]struct{}{},
	}
}

// reply is what a server answers.
type reply struct {
	status int
	body   string
}

// accepted reports whether the server did what it was asked for.
func (r reply) accepted() bool { return r.status >= 200 && r.status < 300 }

// errBroken is a server that answers an error of its own, which says nothing of what it allows.
type errBroken struct{ status int }

func (e errBroken) Error() string       { return fmt.Sprintf("the server answers %d to a trial", e.status) }
func (e errBroken) HTTPStatusCode() int { return e.status }

const probeLife = time.Minute

// url signs method for the object name, with what headers say.
func (p *probe) url(method, name string, headers ...param) string {
	return p.urlAt(p.now(), method, name, headers...)
}

func (p *probe) urlAt(at time.Time, method, name string, headers ...param) string {
	return p.presigner.presign(p.creds, at.UTC().Truncate(time.Second), probeLife, request{
		method: method, object: p.folder + name, headers: headers, guarded: p.guarded && method == http.MethodPut,
	})
}

// send sends a request with headers to url, and notes what an accepted PUT made.
func (p *probe) send(ctx context.Context, method, url, body string, headers ...param) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for _, h := range headers {
		if h.name != "content-length" {
			r.Header.Set(h.name, h.value)
		}
	}
	response, err := p.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := io.Copy(&text, io.LimitReader(response.Body, 64<<10)); err != nil {
		return reply{}, err
	}
	got := reply{response.StatusCode, text.String()}
	if got.status >= 500 && got.status != http.StatusNotImplemented || got.status == http.StatusTooManyRequests {
		return got, errBroken{got.status}
	}
	if method == http.MethodPut && got.accepted() {
		p.note(r.URL.Path, response.Header.Get("X-Amz-Version-Id"))
	}
	return got, nil
}

// note remembers the object at path, to delete it.
func (p *probe) note(path, id string) {
	if at := strings.Index(path, p.folder); at >= 0 {
		p.made[version{path[at:], id}] = struct{}{}
	}
}

// put sends body with a URL signed for the object name. Unsigned headers are
// sent besides.
func (p *probe) put(ctx context.Context, name, body string, unsigned ...param) (reply, error) {
	return p.send(ctx, http.MethodPut, p.url(http.MethodPut, name), body, unsigned...)
}

// holds returns the object name's content, and false if there is none.
func (p *probe) holds(ctx context.Context, name string) (string, bool, error) {
	got, err := p.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.bucket, Key: aws.String(p.folder + name)}, func(o *s3.Options) {
		o.DisableLogOutputChecksumValidationSkipped = true // a server that sends none isn't news
	})
	if isAbsent(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer got.Body.Close()
	content, err := io.ReadAll(io.LimitReader(got.Body, 64<<10))
	p.note(p.folder+name, aws.ToString(got.VersionId))
	return string(content), true, err
}

// cleanPatience is how long deleting may take, also after a caller that gave up.
const cleanPatience = 5 * time.Second

// clean deletes what the trials made: its version where it has one and the
// credentials may, else the object.
func (p *probe) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
	defer cancel()
	var errs []error
	for v := range p.made {
		err := p.remove(ctx, v)
		if err != nil && v.id != "" {
			err = p.remove(ctx, version{key: v.key})
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("delete %s by hand: %w", v.key, err))
		}
	}
	return errors.Join(errs...)
}

func (p *probe) remove(ctx context.Context, v version) error {
	in := &s3.DeleteObjectInput{Bucket: &p.bucket, Key: &v.key}
	if v.id != "" {
		in.VersionId = &v.id
	}
	_, err := p.client.DeleteObject(ctx, in)
	if isAbsent(err) {
		return nil
	}
	return err
}

// trial is one thing that a server must not let through. It returns what a
// caller can do where the server does, and "" where it doesn't.
type trial func(ctx context.Context, p *probe) (breach string, err error)

// source is the object that the trials are after.
const (
	sourceName    = "source"
	sourceContent = "an object that a URL for another one must not reach"
)

// begin makes the object that the trials are after.
func (p *probe) begin(ctx context.Context) error {
	got, err := p.put(ctx, sourceName, sourceContent)
	if err != nil {
		return err
	}
	if !got.accepted() {
		return fmt.Errorf("the server answers %d to a signed PUT of %s%s: %w", got.status, p.folder, sourceName, refusedPut{got.status})
	}
	content, found, err := p.holds(ctx, sourceName)
	if err == nil && (!found || content != sourceContent) {
		err = fmt.Errorf("the server answers a GET of %s%s with other bytes than were put", p.folder, sourceName)
	}
	return err
}

// refusedPut is a store that takes no upload at all.
type refusedPut struct{ status int }

func (e refusedPut) Error() string       { return "uploads are refused, status " + strconv.Itoa(e.status) }
func (e refusedPut) HTTPStatusCode() int { return e.status }
