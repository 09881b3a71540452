package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/files"
	"github.com/partywall-go/partywall/ports"
)

// installation has the use cases on memory, with its objects served on loopback.
type installation struct {
	*files.Service
	db      *memory.DB
	objects *memory.Objects
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	h := &installation{db: &memory.DB{}, objects: &memory.Objects{}}
	server := httptest.NewServer(h.objects)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	h.objects.Base = base
	h.Service = &files.Service{Signer: h.objects, Store: h.objects, MaxSize: 1000}
	return h
}

// member creates a tenant with a member of this role.
func (h *installation) member(t *testing.T, id string, role domain.Role) access.Member {
	t.Helper()
	tenant, identity := domain.Must(domain.ParseTenantID(id)), domain.Must(domain.NewIdentity("test", string(role)))
	owner := domain.Must(domain.NewIdentity("test", "the owner"))
	if _, err := h.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: tenant, Owner: owner}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: tenant, Member: identity, Role: role}); err != nil {
		t.Fatal(err)
	}
	member, err := (&access.Service{Members: h.db.Members()}).Admit(t.Context(), identity, tenant)
	if err != nil {
		t.Fatal(err)
	}
	return member
}

func send(t *testing.T, signed files.Signed, body []byte) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), signed.Request.Method, signed.Request.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range signed.Request.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, answer
}

func TestAFileIsUploadedAndDownloaded(t *testing.T) {
	h := newInstallation(t)
	member := h.member(t, "acme", domain.RoleMember)
	content := []byte("hello")
	sum := sha256.Sum256(content)
	upload, err := h.UploadURL(t.Context(), member, files.Upload{
		Filename: "reports/e\u0301.txt", Size: sized(int64(len(content))), ContentType: "text/plain", SHA256: hex.EncodeToString(sum[:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := upload.Key.String(), "acme/reports/\u00e9.txt"; got != want {
		t.Errorf("the key is %q, want %q", got, want)
	}
	if status, _, answer := send(t, upload, content); status != http.StatusOK {
		t.Fatalf("upload: %d %s", status, answer)
	}
	download, err := h.DownloadURL(t.Context(), member, "reports/\u00e9.txt", "")
	if err != nil {
		t.Fatal(err)
	}
	status, header, got := send(t, download, nil)
	if status != http.StatusOK || !bytes.Equal(got, content) {
		t.Errorf("download: %d %q", status, got)
	}
	kind, params, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" || params["filename"] != "\u00e9.txt" {
		t.Errorf("Content-Disposition %q", header.Get("Content-Disposition"))
	}
}

func TestWhatARoleMayDoWithFiles(t *testing.T) {
	h := newInstallation(t)
	for i, c := range []struct {
		role        domain.Role
		read, write bool
	}{
		{domain.RoleOwner, true, true}, {domain.RoleAdmin, true, true}, {domain.RoleMember, true, true}, {domain.RoleViewer, true, false},
	} {
		member := h.member(t, fmt.Sprintf("acme-%d", i), c.role)
		_, upload := h.UploadURL(t.Context(), member, files.Upload{Filename: "a"})
		_, download := h.DownloadURL(t.Context(), member, "a", "")
		if (upload == nil) != c.write || (download == nil) != c.read {
			t.Errorf("%s: upload %v, download %v", c.role, upload, download)
		}
	}
	_, upload := h.UploadURL(t.Context(), access.Member{}, files.Upload{Filename: "a"})
	_, download := h.DownloadURL(t.Context(), access.Member{}, "a", "")
	if domain.KindOf(upload) != domain.Forbidden || domain.KindOf(download) != domain.Forbidden {
		t.Errorf("the zero Member: upload %v, download %v", upload, download)
	}
}

func TestAnUploadThatBreaksARuleNamesTheField(t *testing.T) {
	h := newInstallation(t)
	member := h.member(t, "acme", domain.RoleOwner)
	sum := strings.Repeat("ab", 32)
	for _, c := range []struct {
		upload files.Upload
		field  string
	}{
		{files.Upload{Filename: ""}, "filename"},
		{files.Upload{Filename: "../neighbour/a"}, "filename"},
		{files.Upload{Filename: "a", Size: sized(1001)}, "size"},
		{files.Upload{Filename: "a", ContentType: "text"}, "contentType"},
		{files.Upload{Filename: "a", ContentType: " text/plain"}, "contentType"},
		{files.Upload{Filename: "a", ContentType: "text/plain; "}, "contentType"},
		{files.Upload{Filename: "a", ContentType: "text/plain;\ta=b"}, "contentType"},
		{files.Upload{Filename: "a", ContentType: "text/plain\r\nX: y"}, "contentType"},
		{files.Upload{Filename: "a", ContentType: "text/" + strings.Repeat("x", 255)}, "contentType"},
		{files.Upload{Filename: "a", SHA256: sum[1:]}, "sha256"},
		{files.Upload{Filename: "a", SHA256: "z" + sum[1:]}, "sha256"},
		{files.Upload{Filename: "a", SHA256: sum + "00"}, "sha256"},
	} {
		_, err := h.UploadURL(t.Context(), member, c.upload)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != c.field {
			t.Errorf("%+v: %v; want field %s", c.upload, err, c.field)
		}
	}
	if _, err := h.UploadURL(t.Context(), member, files.Upload{Filename: "a", Size: sized(1000)}); err != nil {
		t.Errorf("the largest file: %v", err)
	}
	h.MaxSize = 0
	if _, err := h.UploadURL(t.Context(), member, files.Upload{Filename: "a", Size: sized(5 << 30)}); err != nil {
		t.Errorf("the largest file where no limit is set: %v", err)
	}
	if _, err := h.UploadURL(t.Context(), member, files.Upload{Filename: "a", Size: sized(5<<30 + 1)}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a file larger than every store accepts: %v", err)
	}
	h.RequireSize = true
	if _, err := h.UploadURL(t.Context(), member, files.Upload{Filename: "a"}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a size that is required and missing: %v", err)
	}
}

func TestOnlyHarmlessTypesAreServedInline(t *testing.T) {
	h := newInstallation(t)
	member := h.member(t, "acme", domain.RoleOwner)
	for name, harmless := range map[string]bool{"a.png": true, "a.PNG": true, "a.txt": true, "a.html": false, "a.svg": false, "a.pdf": false, "a": false, ".png": true, "a.png/b": false} {
		_, err := h.DownloadURL(t.Context(), member, name, files.Inline)
		if (err == nil) != harmless {
			t.Errorf("%s inline: %v", name, err)
		}
	}
	if _, err := h.DownloadURL(t.Context(), member, "a.png", "form-data"); domain.KindOf(err) != domain.Invalid {
		t.Errorf("an unknown disposition: %v", err)
	}
}

// signer records the requests that it signs.
type signer struct {
	ports.ObjectSigner
	upload   ports.Upload
	download ports.Download
}

func (s *signer) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	s.upload = upload
	return s.ObjectSigner.SignUpload(ctx, key, upload)
}

func (s *signer) SignDownload(ctx context.Context, key domain.ObjectKey, download ports.Download) (ports.SignedRequest, error) {
	s.download = download
	return s.ObjectSigner.SignDownload(ctx, key, download)
}

func TestTheFieldsThatAreSetAreSigned(t *testing.T) {
	h := newInstallation(t)
	spy := &signer{ObjectSigner: h.objects}
	h.Signer = spy
	member := h.member(t, "acme", domain.RoleOwner)
	sum := sha256.Sum256([]byte("hello"))
	for _, c := range []struct {
		given  files.Upload
		signed ports.Upload
	}{
		{files.Upload{}, ports.Upload{MaxSize: 1000, TTL: files.MaxTTL}},
		{files.Upload{Size: sized(0)}, ports.Upload{Size: sized(0), TTL: files.MaxTTL}},
		{
			files.Upload{Size: sized(5), ContentType: "text/plain; charset=utf-8", SHA256: strings.ToUpper(hex.EncodeToString(sum[:])), IfAbsent: true},
			ports.Upload{Size: sized(5), ContentType: "text/plain; charset=utf-8", SHA256: sum[:], IfAbsent: true, TTL: files.MaxTTL},
		},
	} {
		c.given.Filename = "a"
		if _, err := h.UploadURL(t.Context(), member, c.given); err != nil || !reflect.DeepEqual(spy.upload, c.signed) {
			t.Errorf("%+v was signed as %+v, %v", c.given, spy.upload, err)
		}
	}
	if _, err := h.DownloadURL(t.Context(), member, "a/b.PNG", files.Inline); err != nil || spy.download != (ports.Download{Disposition: `inline; filename="b.PNG"`, ContentType: "image/png", TTL: files.MaxTTL}) {
		t.Errorf("an inline download was signed as %+v, %v", spy.download, err)
	}
	if _, err := h.DownloadURL(t.Context(), member, "a/b.PNG", ""); err != nil || spy.download != (ports.Download{Disposition: `attachment; filename="b.PNG"`, TTL: files.MaxTTL}) {
		t.Errorf("a download was signed as %+v, %v", spy.download, err)
	}
}

func TestASignedURLLivesFifteenMinutesAtMost(t *testing.T) {
	h := newInstallation(t)
	spy := &signer{ObjectSigner: h.objects}
	h.Signer = spy
	member := h.member(t, "acme", domain.RoleOwner)
	for ttl, want := range map[time.Duration]time.Duration{0: files.MaxTTL, time.Minute: time.Minute, time.Hour: files.MaxTTL, -time.Second: files.MaxTTL} {
		h.TTL = ttl
		if _, err := h.UploadURL(t.Context(), member, files.Upload{Filename: "a"}); err != nil || spy.upload.TTL != want {
			t.Errorf("TTL %v: upload %v, %v", ttl, spy.upload.TTL, err)
		}
		if _, err := h.DownloadURL(t.Context(), member, "a", ""); err != nil || spy.download.TTL != want {
			t.Errorf("TTL %v: download %v, %v", ttl, spy.download.TTL, err)
		}
	}
}

func TestHostileNamesMakeSafeDispositions(t *testing.T) {
	h := newInstallation(t)
	spy := &signer{ObjectSigner: h.objects}
	h.Signer = spy
	member := h.member(t, "acme", domain.RoleOwner)
	for name, want := range map[string]string{
		`a"; filename="b.exe`:             `a"; filename="b.exe`,
		"a;b=c.txt":                       "a;b=c.txt",
		"photo\u202egpj.exe":              "photogpj.exe",
		"x\u200b.txt":                     "x.txt",
		"日本語.txt":                         "日本語.txt",
		"folder/50% off.txt":              "50% off.txt",
		"UTF-8''%2e%2e%2fetc":             "UTF-8''%2e%2e%2fetc",
		"a%20b.txt":                       "a%20b.txt",
		"=?utf-8?q?evil?=":                "=?utf-8?q?evil?=",
		"a b.txt":                         "a b.txt",
		".htaccess":                       ".htaccess",
		"CON":                             "CON",
		"it's (1)*.txt":                   "it's (1)*.txt",
		"line\u2028break.txt":             "linebreak.txt",
		"fill\u3164er.txt":                "filler.txt",
		"می\u200cخواهم.txt":               "می\u200cخواهم.txt",
		"👩\u200d🚀.png":                    "👩\u200d🚀.png",
		"x.txt\u200d":                     "x.txt",
		strings.Repeat("é", 300) + ".txt": strings.Repeat("é", 118) + ".txt",
		strings.Repeat("x", 300):          strings.Repeat("x", 240),
		"a." + strings.Repeat("x", 300):   "a." + strings.Repeat("x", 238),
	} {
		if _, err := h.DownloadURL(t.Context(), member, name, ""); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		kind, params, err := mime.ParseMediaType(spy.download.Disposition)
		if err != nil || kind != "attachment" || params["filename"] != want || len(params) != 1 {
			t.Errorf("%q: %s is %s %v, %v", name, spy.download.Disposition, kind, params, err)
		}
		for _, c := range spy.download.Disposition {
			if c < ' ' || c > '~' {
				t.Errorf("%q: %q isn't ASCII", name, spy.download.Disposition)
			}
		}
	}
	for _, nameless := range []string{"folder/\u200b\u202e", "folder/.\u200b.", "folder/\u200b."} {
		if _, err := h.DownloadURL(t.Context(), member, nameless, ""); err != nil || spy.download.Disposition != "attachment" {
			t.Errorf("%q, of which nothing visible names a file: %q, %v", nameless, spy.download.Disposition, err)
		}
	}
}

func TestTheLargestSizeIsSignedForAnUploadWithoutASize(t *testing.T) {
	h := newInstallation(t)
	member := h.member(t, "acme", domain.RoleOwner)
	for size, want := range map[int]int{1000: http.StatusOK, 1001: http.StatusRequestEntityTooLarge} {
		signed, err := h.UploadURL(t.Context(), member, files.Upload{Filename: "a"})
		if err != nil {
			t.Fatal(err)
		}
		if status, _, answer := send(t, signed, make([]byte, size)); status != want {
			t.Errorf("%d bytes: %d %s, want %d", size, status, answer, want)
		}
	}
}

// TestBothFormsOfAName holds the ASCII form to what old clients and Chromium read
// in it, which decodes escapes there.
func TestBothFormsOfAName(t *testing.T) {
	h := newInstallation(t)
	spy := &signer{ObjectSigner: h.objects}
	h.Signer = spy
	member := h.member(t, "acme", domain.RoleOwner)
	for name, want := range map[string]string{
		"a.txt":            `attachment; filename="a.txt"`,
		"a b;c.txt":        `attachment; filename="a b;c.txt"`,
		"a%20b.txt":        `attachment; filename="a_20b.txt"; filename*=UTF-8''a%2520b.txt`,
		`a"b.txt`:          `attachment; filename="a_b.txt"; filename*=UTF-8''a%22b.txt`,
		"é (1)'*.txt":      `attachment; filename="_ (1)'*.txt"; filename*=UTF-8''%C3%A9%20%281%29%27%2A.txt`,
		"=?utf-8?q?evil?=": `attachment; filename="=_utf-8_q_evil_="; filename*=UTF-8''%3D%3Futf-8%3Fq%3Fevil%3F%3D`,
	} {
		if _, err := h.DownloadURL(t.Context(), member, name, ""); err != nil || spy.download.Disposition != want {
			t.Errorf("%q: %s, %v, want %s", name, spy.download.Disposition, err, want)
		}
	}
}

// sized returns the size of a file of n bytes.
func sized(n int64) domain.FileSize { return domain.Must(domain.NewFileSize(n)) }
