package porttest

import (
	"context"
	"crypto/sha256"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Objects are the ports of an object store, all of which one adapter implements.
type Objects interface {
	ports.ObjectSigner
	ports.ObjectStore
	ports.ObjectPurger
	ports.ObjectTenants
	ports.ObjectContents
}

// ObjectStorage is a store, and a client that reaches the addresses it signs.
type ObjectStorage struct {
	Store  Objects
	Client *http.Client
	Lacks  []Feature // what the system behind the store does not implement
}

// What an emulator of an object store may not implement.
const (
	FolderBesideFile Feature = "keeps a file beside a folder of its name"
	LongSegments     Feature = "keeps a name whose one segment is as long as a key may be"
	WholeUploads     Feature = "keeps nothing of an upload that breaks off"

	LargestSizes      Feature = "enforces a largest size where no size is signed"
	NoUnsignedHeaders Feature = "refuses every x-amz- header that was not signed"
	AtomicReplacement Feature = "checks If-Match and replaces in one step"
)

func (s ObjectStorage) has(f Feature) bool { return !slices.Contains(s.Lacks, f) }

// ObjectStore runs the contracts of [ports.ObjectSigner], [ports.ObjectStore],
// [ports.ObjectPurger], [ports.ObjectTenants] and [ports.ObjectContents]. A store may refuse
// a request with any status from 400 to 499, if the object stays as it was.
func ObjectStore(t *testing.T, open func(t *testing.T) ObjectStorage) {
	moveObjects(t, open)
	knowObjects(t, open)
	insistOnUploads(t, open)
	keepUploadsApart(t, open)
	keepHeaders(t, open)
	insistOnSignatures(t, open)
	nameObjects(t, open)
	listObjects(t, open)
	purgeObjects(t, open)
	findTenantsOfObjects(t, open)
	contentsOfObjects(t, open)

	heedContextOfObjects(t, open)
}

// heedContextOfObjects tries each method, because a store of files translates no errors of
// its system, and so has no one place that looks at the context.
func heedContextOfObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	key := newKey(t, "file.txt")
	for method, call := range map[string]func(ctx context.Context, s Objects) error{
		"SignUpload": func(ctx context.Context, s Objects) error { _, err := s.SignUpload(ctx, key, anyUpload); return err },
		"SignDownload": func(ctx context.Context, s Objects) error {
			_, err := s.SignDownload(ctx, key, ports.Download{})
			return err
		},
		"Stat":   func(ctx context.Context, s Objects) error { _, err := s.Stat(ctx, key); return err },
		"Delete": func(ctx context.Context, s Objects) error { return s.Delete(ctx, key) },
		"List": func(ctx context.Context, s Objects) error {
			_, err := s.List(ctx, domain.Must(domain.NewObjectPrefix(key.Tenant(), "")), domain.ObjectKey{}, 1)
			return err
		},
		"Purge":      func(ctx context.Context, s Objects) error { _, err := s.Purge(ctx, key.Tenant(), 1); return err },
		"HasObjects": func(ctx context.Context, s Objects) error { _, err := s.HasObjects(ctx, key.Tenant()); return err },
	} {
		t.Run(method, func(t *testing.T) {
			heedContext(t, func(ctx context.Context) error { return call(ctx, open(t).Store) })
		})
	}
}

func moveObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("a plain PUT works if nothing else was signed", func(t *testing.T) {
		o := object{open(t), newKey(t, "plain.txt")}
		signed := o.signUpload(t, anyUpload)
		if signed.Method != http.MethodPut {
			t.Errorf("the method is %s", signed.Method)
		}
		signed.Headers = nil
		o.mustSend(t, signed, "hello")
		o.mustHold(t, "hello")
	})
	t.Run("a PUT may name a type that was not signed", func(t *testing.T) {
		o := object{open(t), newKey(t, "plain.csv")}
		o.mustSend(t, o.signUpload(t, anyUpload), "a,b", header("Content-Type", "text/csv"))
		info, err := o.Store.Stat(t.Context(), o.key)
		mustDo(t, err)
		if info.ContentType != "text/csv" {
			t.Errorf("it became %q", info.ContentType)
		}
	})
	t.Run("an empty object is an object", func(t *testing.T) {
		o := object{open(t), newKey(t, "empty")}
		o.mustSend(t, o.signUpload(t, anyUpload), "")
		o.mustHold(t, "")
	})
	t.Run("a second PUT replaces the first, whatever their sizes", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		for _, content := range []string{"one", "the second, longer one", "3", ""} {
			o.put(t, content)
			o.mustHold(t, content)
		}
	})
	t.Run("a megabyte of any bytes is downloaded unchanged", func(t *testing.T) {
		o := object{open(t), newKey(t, "bytes.bin")}
		content := make([]byte, 1<<20)
		for i := range content {
			content[i] = byte(i ^ i>>8)
		}
		o.put(t, string(content))
		if got := o.get(t, anyDownload); got.body != string(content) {
			t.Errorf("got %d bytes, which differ", len(got.body))
		}
	})
	t.Run("a download is a GET that needs no header", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "hello")
		signed := o.signDownload(t, anyDownload)
		if signed.Method != http.MethodGet || len(signed.Headers) != 0 {
			t.Errorf("got %s with %v", signed.Method, signed.Headers)
		}
	})
	t.Run("a download is served as it was asked for", func(t *testing.T) {
		o := object{open(t), newKey(t, "page.html")}
		o.mustSend(t, o.signUpload(t, ports.Upload{ContentType: "text/html", TTL: time.Minute}), "<p>")
		const disposition = `attachment; filename="page _1_.html"; filename*=UTF-8''page%20%E2%82%AC%2B.html`
		got := o.get(t, ports.Download{Disposition: disposition, ContentType: "application/octet-stream", TTL: time.Minute})
		if d, c := got.header.Get("Content-Disposition"), got.header.Get("Content-Type"); d != disposition || c != "application/octet-stream" {
			t.Errorf("got %q, %q", d, c)
		}
		if got := o.get(t, anyDownload).header.Get("Content-Type"); got != "text/html" {
			t.Errorf("stored as text/html, it came as %q", got)
		}
	})
	t.Run("a part of a file can be downloaded", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "0123456789")
		for asked, want := range map[string]string{"bytes=0-0": "0", "bytes=2-4": "234", "bytes=7-": "789", "bytes=-2": "89"} {
			got := o.send(t, o.signDownload(t, anyDownload), "", header("Range", asked))
			if got.status != http.StatusPartialContent || got.body != want {
				t.Errorf("%s gave %d %q, want %q", asked, got.status, got.body, want)
			}
		}
	})
	t.Run("an absent file can be signed, but not downloaded", func(t *testing.T) {
		o := object{open(t), newKey(t, "absent")}
		o.mustRefuse(t, o.signDownload(t, anyDownload), "")
	})
}

func knowObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("Stat returns size, type and time", func(t *testing.T) {
		o := object{open(t), newKey(t, "note.txt")}
		for _, content := range []string{"hello", "hello again", ""} {
			o.mustSend(t, o.signUpload(t, ports.Upload{ContentType: "text/plain; charset=utf-8", TTL: time.Minute}), content)
			info, err := o.Store.Stat(t.Context(), o.key)
			mustDo(t, err)
			if info.Size != int64(len(content)) || info.ContentType != "text/plain; charset=utf-8" {
				t.Errorf("got %+v of %q", info, content)
			}
			mustBeRecent(t, info.ModifiedAt)
		}
	})
	t.Run("an absent key is not found", func(t *testing.T) {
		_, err := open(t).Store.Stat(t.Context(), newKey(t, "absent"))
		mustBe(t, err, domain.NotFound)
	})
	t.Run("deleting removes one object, and may be repeated", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "files")
		gone, kept := object{s, keyOf(t, tenant, "gone")}, object{s, keyOf(t, tenant, "gone.not")}
		gone.put(t, "bye")
		kept.put(t, "stay")
		for range 2 {
			mustDo(t, s.Store.Delete(t.Context(), gone.key))
			gone.mustBeAbsent(t)
			gone.mustRefuse(t, gone.signDownload(t, anyDownload), "")
		}
		kept.mustHold(t, "stay")
	})
	t.Run("a deleted object can be put again", func(t *testing.T) {
		o := object{open(t), newKey(t, "a/b/c")}
		for _, content := range []string{"one", "two"} {
			o.put(t, content)
			o.mustHold(t, content)
			mustDo(t, o.Store.Delete(t.Context(), o.key))
		}
	})
}

func nameObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	can := open(t)
	t.Run("every file name that exists names an object of its own", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "names")
		for _, name := range hostileNames {
			object{s, keyOf(t, tenant, name)}.put(t, "this is "+name)
		}
		for _, name := range hostileNames {
			t.Run(name, func(t *testing.T) { object{s, keyOf(t, tenant, name)}.mustHold(t, "this is "+name) })
		}
	})
	t.Run("a key may have 1,024 bytes", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "names")
		object{s, longKey(t, tenant, 200)}.mustCarry(t, "long")
		if s.has(LongSegments) {
			object{s, longKey(t, tenant, 1024)}.mustCarry(t, "long in one piece")
		}
	})
	runIf(t, can.has(FolderBesideFile), "a file stands beside a folder of its name", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "names")
		for _, names := range [][2]string{{"a", "a/b"}, {"c/d", "c"}} {
			first, second := object{s, keyOf(t, tenant, names[0])}, object{s, keyOf(t, tenant, names[1])}
			first.put(t, "first")
			second.mustBeAbsent(t)
			mustDo(t, s.Store.Delete(t.Context(), second.key))
			second.put(t, "second")
			first.mustHold(t, "first")
			second.mustHold(t, "second")
			mustDo(t, s.Store.Delete(t.Context(), first.key))
			first.mustBeAbsent(t)
			second.mustHold(t, "second")
		}
	})
	t.Run("two tenants' files of one name are two objects", func(t *testing.T) {
		s := open(t)
		mine, theirs := object{s, newKey(t, "plan.txt")}, object{s, newKey(t, "plan.txt")}
		mine.put(t, "mine")
		theirs.mustBeAbsent(t)
		theirs.put(t, "theirs")
		mustDo(t, s.Store.Delete(t.Context(), theirs.key))
		mine.mustHold(t, "mine")
	})
}

// hostileNames are valid file names that a careless escape confuses.
var hostileNames = []string{
	"a b", " a b", "a b ", "a+b", "a%20b", "a%2Fb", "a/b", "%2e%2e/a", "%", "100%.txt", "%zz", "a%00b",
	"?x=1", "a?x=1&y=2", "#top", "a#top", "a&b", "a=b", "a;b", "a:b", "a@b", "a,b", "a!b", "a$b", "a*b", "a~b",
	`a"b`, "a'b", "a(b)", "a[b]", "a{b}", "a<b>", "a|b", "a^b", "a`b",
	"B", "b", "a.", "...", ".a", "a/.b", "a/...", "~", "-", "CON", "nul.txt", "index.html", "x/index.html",
	"bäcker.pdf", "日本語/ファイル.txt", "🥐.png", "\u202egpj.exe", "\ufeffa", "e\u0301", "ﬁ", "deep/" + deep + "/file",
	"versionId", "uploads", ".tmp", ".meta", "a.meta", "a.tmp",
}

const deep = "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20"

var (
	anyUpload   = ports.Upload{TTL: time.Minute}
	anyDownload = ports.Download{TTL: time.Minute}
)

func sum(content string) []byte {
	digest := sha256.Sum256([]byte(content))
	return digest[:]
}
