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

// probeFolder contains the objects of the trials. No tenant's ID begins with a dot.
const probeFolder = ".partywall/"

// probe does to a server what the bearer of a signed URL can do, with objects of
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
	made   map[version]struct{} // by the trials
}

func newProbe(client *s3.Client, bucket string, signer *presigner, creds aws.Credentials, now func() time.Time) *probe {
	options := client.Options()
	return &probe{
		client: client, http: options.HTTPClient, bucket: bucket, presigner: signer, creds: creds, now: now,
		folder: probeFolder + "probe-" + rand.Text() + "/", made: map[version]struct{}{},
	}
}

// reply is a server's answer.
type reply struct {
	status int
	body   string
}

// accepted reports whether the server executed the request.
func (r reply) accepted() bool { return r.status >= 200 && r.status < 300 }

// errBroken reports an internal error of the server, which shows nothing about what it allows.
type errBroken struct{ status int }

func (e errBroken) Error() string       { return fmt.Sprintf("the server answers %d to a trial", e.status) }
func (e errBroken) HTTPStatusCode() int { return e.status }

const probeLife = time.Minute

// url signs method for the object name, with the headers.
func (p *probe) url(method, name string, headers ...param) string {
	return p.urlAt(p.now(), method, name, headers...)
}

func (p *probe) urlAt(at time.Time, method, name string, headers ...param) string {
	return p.presigner.presign(p.creds, at.UTC().Truncate(time.Second), probeLife, request{
		method: method, object: p.folder + name, headers: headers, guarded: p.guarded && method == http.MethodPut,
	})
}

// send sends a request with headers to url, and records an object that an accepted PUT created.
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

// note records the object at path for deletion.
func (p *probe) note(path, id string) {
	if at := strings.Index(path, p.folder); at >= 0 {
		p.made[version{path[at:], id}] = struct{}{}
	}
}

// put sends body with a URL signed for the object name, with additional unsigned
// headers.
func (p *probe) put(ctx context.Context, name, body string, unsigned ...param) (reply, error) {
	return p.send(ctx, http.MethodPut, p.url(http.MethodPut, name), body, unsigned...)
}

// holds returns the content of the object name, and false if it does not exist.
func (p *probe) holds(ctx context.Context, name string) (string, bool, error) {
	got, err := p.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.bucket, Key: aws.String(p.folder + name)}, func(o *s3.Options) {
		o.DisableLogOutputChecksumValidationSkipped = true // many servers send none
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

// cleanPatience limits how long deleting may take, even if the caller has disconnected.
const cleanPatience = 5 * time.Second

// clean deletes what the trials created: the version if there is one and the
// credentials allow it, and the object otherwise.
func (p *probe) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
	defer cancel()
	var errs []error
	for v := range p.made {
		err := v.remove(ctx, p.client, p.bucket)
		if err != nil && v.id != "" {
			err = version{key: v.key}.remove(ctx, p.client, p.bucket)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("delete %s by hand: %w", v.key, err))
		}
	}
	return errors.Join(errs...)
}

// trial attempts one thing that a server must refuse. It returns what a caller can do
// if the server allows it, and "" if it refuses.
type trial func(ctx context.Context, p *probe) (breach string, err error)

// source is the object that the trials try to access.
const (
	sourceName    = "source"
	sourceContent = "an object that a URL for another one must not reach"
)

// begin creates the object that the trials try to access.
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

// refusedPut reports a store that refuses every upload.
type refusedPut struct{ status int }

func (e refusedPut) Error() string       { return "uploads are refused, status " + strconv.Itoa(e.status) }
func (e refusedPut) HTTPStatusCode() int { return e.status }
