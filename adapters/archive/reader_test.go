package archive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// readOn reads an archive as an import does, without a database.
func readOn(t testing.TB, file io.Reader, objects *memory.Objects) error {
	t.Helper()
	r, err := openReader(file)
	if err != nil {
		return err
	}
	defer r.Close()
	return importFrom(t, r, objects)
}

// importFrom reads the rest of an archive.
func importFrom(t testing.TB, r *reader, objects *memory.Objects) error {
	t.Helper()
	i := imports{service: &Service{Objects: objects, Provider: "local", Logger: slog.New(slog.DiscardHandler)}, reader: r, ctx: t.Context()}
	if err := i.prepare(t.Context()); err != nil {
		return err
	}
	for _, err := range i.tenant().Members {
		if err != nil {
			return err
		}
	}
	for _, err := range i.tenant().Invitations {
		if err != nil {
			return err
		}
	}
	for _, table := range i.tenant().Tables {
		rows, err := i.rows(table)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, rows); err != nil {
			return err
		}
	}
	return i.copyFiles(t.Context())
}

// small returns an archive of a tenant with a member, an invitation, a table and two files.
func small(t testing.TB) []byte {
	t.Helper()
	objects := &memory.Objects{}
	acme := domain.Must(domain.ParseTenantID("acme"))
	objects.Put(domain.Must(domain.NewObjectKey(acme, "a/b.txt")), "text/plain", []byte("hello"))
	objects.Put(domain.Must(domain.NewObjectKey(acme, "ü")), "", nil)
	buffer, err := newSpool()
	if err != nil {
		t.Fatal(err)
	}
	defer buffer.Close()
	e := export{service: &Service{Objects: objects, Provider: "local"}, spool: buffer, id: acme}
	e.manifest.Files.Mode = IncludeFiles
	err = e.Member(domain.Membership{Identity: domain.Must(domain.NewIdentity("local", "ada")), Role: domain.RoleOwner, State: domain.MemberActive})
	if err == nil {
		err = e.Invitation(domain.Invitation{Role: domain.RoleViewer, State: domain.InvitationOpen, Life: time.Hour, Generation: 1})
	}
	if err == nil {
		var rows io.Writer
		if rows, err = e.Table(ports.ArchivedTable{Name: "notes", Columns: []ports.ArchivedColumn{{Name: "text", Type: "text"}}}); err == nil {
			_, err = io.WriteString(rows, "one\ntwo\n")
		}
	}
	if err == nil {
		err = errors.Join(e.list(t.Context()), e.spool.end())
	}
	tenant := ports.ArchivedTenant{Sequences: []ports.ArchivedSequence{{Name: "s", Last: 1}}}
	tenant.Tenant.ID, tenant.Tenant.Name = acme, "Acme"
	e.describe(tenant)
	var file bytes.Buffer
	if err = errors.Join(err, e.write(t.Context(), &file)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestASmallArchiveIsRead(t *testing.T) {
	t.Parallel()
	objects := &memory.Objects{}
	if err := readOn(t, bytes.NewReader(small(t)), objects); err != nil {
		t.Fatal(err)
	}
	if got, ok := objects.Get(domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "a/b.txt"))); !ok || string(got) != "hello" {
		t.Errorf("%q, %v", got, ok)
	}
}

// TestAnArchiveOfAnEarlierProgramHasNoInvitations reads one without their entry.
func TestAnArchiveOfAnEarlierProgramHasNoInvitations(t *testing.T) {
	t.Parallel()
	names, texts := parts(t)
	var m map[string]any
	if err := json.Unmarshal([]byte(texts[manifestEntry].text), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "invitations")
	all := []entry{file(manifestEntry, string(domain.Must(json.Marshal(m))))}
	for _, n := range names[1:] {
		if n != invitationsEntry {
			all = append(all, texts[n])
		}
	}
	if err := readOn(t, bytes.NewReader(packed(t, all...)), &memory.Objects{}); err != nil {
		t.Error(err)
	}
}

// entry is an entry of a tar that a test writes.
type entry struct {
	tar.Header
	text string
}

func file(name, text string) entry { return entry{tar.Header{Name: name}, text} }

// packed returns a compressed tar of the entries.
func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := domain.Must(zstd.NewWriter(&out))
	w := tar.NewWriter(z)
	for _, e := range entries {
		if e.Typeflag == 0 {
			e.Typeflag = tar.TypeReg
		}
		if e.Typeflag == tar.TypeReg && e.Size == 0 {
			e.Size = int64(len(e.text))
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Flush(), z.Close()); err != nil && entries[len(entries)-1].Size == int64(len(entries[len(entries)-1].text)) {
		t.Fatal(err)
	}
	return out.Bytes()
}

// parts returns the entries of the small archive, by their names.
func parts(t testing.TB) (names []string, texts map[string]entry) {
	t.Helper()
	z := domain.Must(zstd.NewReader(bytes.NewReader(small(t))))
	defer z.Close()
	texts = map[string]entry{}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		text := domain.Must(io.ReadAll(r))
		names = append(names, header.Name)
		texts[header.Name] = entry{tar.Header{Name: header.Name, PAXRecords: header.PAXRecords}, string(text)}
	}
}

func TestHostileArchivesAreRefused(t *testing.T) {
	t.Parallel()
	names, texts := parts(t)
	change := func(name string, change func(e *entry)) []byte {
		var all []entry
		for _, n := range names {
			e := texts[n]
			if n == name {
				change(&e)
			}
			all = append(all, e)
		}
		return packed(t, all...)
	}
	saying := func(edit func(m *manifest)) []byte {
		return change(manifestEntry, func(e *entry) {
			var m manifest
			if err := json.Unmarshal([]byte(e.text), &m); err != nil {
				t.Fatal(err)
			}
			edit(&m)
			e.text = string(domain.Must(json.Marshal(m)))
		})
	}
	// changeInvitation returns an archive whose line about an invitation is another.
	changeInvitation := func(old, replacement string) []byte {
		line := strings.Replace(texts[invitationsEntry].text, old, replacement, 1)
		sum := newCounter()
		_, _ = sum.Write([]byte(line)) // it returns no error
		var m manifest
		if err := json.Unmarshal([]byte(texts[manifestEntry].text), &m); err != nil || line == texts[invitationsEntry].text {
			t.Fatal(old, err)
		}
		invitations := sum.section()
		m.Invitations = &invitations
		all := []entry{file(manifestEntry, string(domain.Must(json.Marshal(m))))}
		for _, n := range names[1:] {
			e := texts[n]
			if n == invitationsEntry {
				e.text = line
			}
			all = append(all, e)
		}
		return packed(t, all...)
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":                     {nil, "it ends too early"},
		"text":                        {[]byte("hello, world"), "cannot be decompressed"},
		"no tar":                      {domain.Must(zstd.NewWriter(nil)).EncodeAll([]byte(strings.Repeat("x", 2000)), nil), "damaged"},
		"an empty tar":                {packed(t, entry{tar.Header{Name: "x", Typeflag: tar.TypeDir}, ""}), "is no file"},
		"a link":                      {packed(t, entry{tar.Header{Name: manifestEntry, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""}), "is no file"},
		"no manifest":                 {packed(t, file("../../etc/passwd", "x")), `the entry "../../etc/passwd"`},
		"a manifest of a bomb":        {bomb(t, manifestEntry, maxManifest+1), "more than"},
		"a manifest that is none":     {packed(t, file(manifestEntry, "[]")), "not what it should be"},
		"a newer format":              {saying(func(m *manifest) { m.Format = 2 }), "format 2"},
		"an ID with a path":           {saying(func(m *manifest) { m.Tenant.ID = "../x" }), "no valid ID"},
		"settings that are none":      {saying(func(m *manifest) { m.Tenant.Settings = json.RawMessage("[]") }), "no valid settings"},
		"a limit that is none":        {saying(func(m *manifest) { m.Tenant.Limits.MaxRequests = -1 }), "no valid limits"},
		"an unknown mode":             {saying(func(m *manifest) { m.Files.Mode = "some" }), "unknown mode"},
		"a table too much":            {saying(func(m *manifest) { m.Tables = append(m.Tables, m.Tables[0]) }), `the entry "files.jsonl" in place of tables/2`},
		"a row too much":              {change("tables/1", func(e *entry) { e.text += "x\n" }), "the size that the manifest says"},
		"another row":                 {change("tables/1", func(e *entry) { e.text = "one\ntoo\n" }), "tables/1 is not what the manifest says"},
		"a negative size":             {saying(func(m *manifest) { m.Tables[0].Rows.Bytes = -1 }), "the size that the manifest says"},
		"an invitation of no role":    {changeInvitation(`"viewer"`, `"pope"`), "an invitation cannot be read"},
		"an invitation for ever":      {changeInvitation(`3600000000`, `9999999999999999`), "an invitation cannot be read"},
		"an invitation to no address": {changeInvitation(`"generation":1`, `"generation":1,"email":"no address"`), "an invitation cannot be read"},
		"an unknown state":            {changeInvitation(`"open"`, `"shut"`), "an invitation cannot be read"},
		"accepted by no member":       {changeInvitation(`"open"`, `"accepted"`), "an invitation cannot be read"},
		"no generation":               {changeInvitation(`"generation":1`, `"generation":0`), "an invitation cannot be read"},
		"no invitations":              {saying(func(m *manifest) { m.Invitations = nil }), `the entry "invitations.jsonl" in place of tables/1`},
		"a file with a path":          {change("files/1", func(e *entry) { e.Name = "files/../1" }), "where a file follows"},
		"a file of no line":           {change("files/2", func(e *entry) { e.Name = "files/3" }), "no valid line 3"},
		"a file twice":                {change("files/2", func(e *entry) { e.Name = "files/1" }), "where a file follows"},
		"another content":             {change("files/1", func(e *entry) { e.text = "HELLO" }), "not what its end says"},
		"a header":                    {change("files/1", func(e *entry) { e.PAXRecords = map[string]string{headersAttribute: `{"Set-Cookie":"a"}`} }), `the header "Set-Cookie"`},
		"a header of two lines":       {change("files/1", func(e *entry) { e.PAXRecords = map[string]string{headersAttribute: `{"Expires":"a\r\nb"}`} }), "the header"},
		"a type of two lines":         {change("files/1", func(e *entry) { e.PAXRecords = map[string]string{typeAttribute: "a\nb"} }), "no valid type"},
		"no end":                      {packed(t, texts[manifestEntry], texts[membersEntry], texts[invitationsEntry], texts["tables/1"], texts[filesEntry]), "ends too early"},
	} {
		err := readOn(t, bytes.NewReader(c.file), &memory.Objects{})
		if !errors.Is(err, CodeDamaged) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("the network broke off")
	if err := readOn(t, io.MultiReader(bytes.NewReader(small(t)[:100]), failing{broken}), &memory.Objects{}); !errors.Is(err, broken) {
		t.Errorf("a source that fails: %v", err)
	}
}

// bomb returns an archive whose one entry has many zero bytes.
func bomb(t testing.TB, name string, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	z := domain.Must(zstd.NewWriter(&out))
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: size}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, io.LimitReader(zeros{}, size)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestTheMemoryOfABombIsSmall reads a table of a gigabyte that compresses to nothing.
func TestTheMemoryOfABombIsSmall(t *testing.T) {
	const size = 1 << 30
	counted := newCounter()
	if _, err := io.Copy(counted, io.LimitReader(zeros{}, size)); err != nil {
		t.Fatal(err)
	}
	_, texts := parts(t)
	var m manifest
	if err := json.Unmarshal([]byte(texts[manifestEntry].text), &m); err != nil {
		t.Fatal(err)
	}
	m.Tables[0].Rows = counted.section()
	from, to := io.Pipe()
	go func() {
		z := domain.Must(zstd.NewWriter(to, zstd.WithEncoderConcurrency(1)))
		w := tar.NewWriter(z)
		for _, e := range []entry{file(manifestEntry, string(domain.Must(json.Marshal(m)))), texts[membersEntry], texts[invitationsEntry]} {
			e.Typeflag, e.Size = tar.TypeReg, int64(len(e.text))
			_ = w.WriteHeader(&e.Header)
			_, _ = io.WriteString(w, e.text)
		}
		_ = w.WriteHeader(&tar.Header{Name: "tables/1", Typeflag: tar.TypeReg, Size: size})
		_, _ = io.Copy(w, io.LimitReader(zeros{}, size))
		to.CloseWithError(errors.Join(w.Flush(), z.Close()))
	}()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err := readOn(t, from, &memory.Objects{})
	runtime.ReadMemStats(&after)
	if !errors.Is(err, CodeDamaged) || !strings.Contains(err.Error(), "ends too early") { // no list of files follows
		t.Error(err)
	}
	if grown := int64(after.Sys) - int64(before.Sys); grown > 128<<20 {
		t.Errorf("the memory grew by %d MiB", grown>>20)
	}
}
