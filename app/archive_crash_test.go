package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/partywall-go/partywall/adapters/archive"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// importCrash is an installation whose imports break off.
type importCrash struct {
	crashTest
	archives *app.Archives
	archive  []byte // of a tenant with rows and two files
}

// migrationsOfArchives make a table with rows that do not compress.
var migrationsOfArchives = fstest.MapFS{"0001_notes.sql": {Data: []byte(`
	CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
	INSERT INTO notes (text) SELECT gen_random_uuid() FROM generate_series(1, 20000)`)}}

// rowsOfArchives is how many rows the table has.
const rowsOfArchives = 20_000

func newImportCrash(t *testing.T) importCrash {
	t.Helper()
	c := importCrash{crashTest: newCrashTest(t)}
	c.migrations = migrationsOfArchives
	if err := app.Setup(t.Context(), c.config(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	c.registry = c.open(t)
	c.archives = domain.Must(c.registry.OpenArchives(t.Context()))
	acme := domain.Must(domain.ParseTenantID("acme"))
	by := tenants.Creator{Operator: installation, For: domain.Must(domain.NewIdentity("local", "ada"))}
	if _, err := c.registry.Tenants.Create(t.Context(), by, tenants.Creation{ID: acme}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/ü.txt", "b.bin"} { // of 80,000 and of 50,000 bytes
		key := domain.Must(domain.NewObjectKey(acme, name))
		content := strings.Repeat(name, 10_000)
		err := c.archives.Objects.PutContent(t.Context(), key, ports.ObjectContent{Body: io.NopCloser(strings.NewReader(content)), Size: int64(len(content))})
		if err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := c.archives.Export(t.Context(), installation, acme, &file, app.IncludeFiles); err != nil {
		t.Fatal(err)
	}
	c.archive = file.Bytes()
	return c
}

// as imports under an ID, for an owner who needs no account.
func as(id domain.TenantID) app.Importing {
	return app.Importing{As: id, Owner: domain.Must(domain.NewIdentity("local", "ada"))}
}

// mustHaveNothing fails if the database or the object store has something of the tenant.
func (c importCrash) mustHaveNothing(t *testing.T, id domain.TenantID, when string) {
	t.Helper()
	c.mustFindNoFault(t, when)
	if _, err := c.registry.Tenants.Get(t.Context(), domain.Must(installation.Steward(id)).Reader()); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("%s: the tenant %s is left: %v", when, id, err)
	}
	if has, err := c.archives.Objects.HasObjects(t.Context(), id); has || err != nil {
		t.Errorf("%s: files of %s are left: %v", when, id, err)
	}
	err := filepath.WalkDir(filepath.Join(c.dir, "objects"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.Contains(path, "acme") {
			t.Errorf("%s: the file %s is left", when, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// mustHaveAll fails unless the tenant is whole.
func (c importCrash) mustHaveAll(t *testing.T, id domain.TenantID, when string) {
	t.Helper()
	c.mustFindNoFault(t, when)
	done, err := c.archives.Export(t.Context(), installation, id, io.Discard, app.IncludeFiles)
	if err != nil || done.Rows != rowsOfArchives || done.Members != 1 || done.Files != 2 {
		t.Errorf("%s: %+v, %v", when, done, err)
	}
}

// TestAnImportIsKilledAtEachStep has a process import a tenant, which kills itself while it
// reads the archive, and before or after each of its calls. A sweep removes what is left.
func TestAnImportIsKilledAtEachStep(t *testing.T) {
	if c, step, child := asChild(t); child {
		importInChild(t, c, step)
		return
	}
	t.Parallel()
	c := newImportCrash(t)
	if err := os.WriteFile(filepath.Join(c.dir, "archive"), c.archive, 0o600); err != nil {
		t.Fatal(err)
	}
	bolt := domain.Must(domain.ParseTenantID("bolt"))
	for range max(1, *killRounds) {
		steps := 0
		for killed := true; killed; {
			steps++
			killed = c.importKilled(t, steps)
			c.mustRecover(t, bolt, fmt.Sprintf("killed at step %d", steps))
		}
		if steps < 10 {
			t.Errorf("the import had only %d steps", steps)
		}
	}
}

// importKilled imports in a process of its own. It reports whether that was killed.
func (c importCrash) importKilled(t *testing.T, step int) (killed bool) {
	t.Helper()
	output, err := c.child(t.Context(), "TestAnImportIsKilledAtEachStep", c.server.Port, step).CombinedOutput()
	exit, failed := errors.AsType[*exec.ExitError](err)
	if err != nil && (!failed || exit.Exited()) {
		t.Fatalf("the import failed at step %d: %v\n%s", step, err, output)
	}
	return err != nil
}

// mustRecover fails unless the tenant is whole, or a sweep and the release of the ID remove
// all of it. It purges a whole one.
func (c importCrash) mustRecover(t *testing.T, id domain.TenantID, when string) {
	t.Helper()
	steward := domain.Must(installation.Steward(id))
	if found, err := c.registry.Tenants.Get(t.Context(), steward.Reader()); err == nil && found.Status == domain.Active {
		c.mustHaveAll(t, id, when)
		if _, err := c.registry.Tenants.Delete(t.Context(), steward, ""); err != nil {
			t.Fatal(err)
		}
		c.execute(t, `UPDATE partywall.tenants SET purge_after = now(), deleted_at = now() - interval '1 hour' WHERE id = '`+id.String()+`'`)
		if _, err := c.registry.Tenants.PurgeDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.execute(t, `DELETE FROM partywall.tombstones; DELETE FROM partywall.purges`) // as the operator frees the ID a day later
		c.mustHaveNothing(t, id, when+", and purged")
		return
	}
	c.execute(t, `UPDATE partywall.tenants SET expires_at = now() WHERE status = 'unclaimed'`) // as time does
	if _, err := c.registry.Tenants.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		removed, err := c.archives.Objects.Purge(t.Context(), id, 1000) // as `tenants free --objects` does
		if err != nil {
			t.Fatal(err)
		}
		if removed == 0 {
			break
		}
	}
	c.mustHaveNothing(t, id, when)
}

// importInChild is the process that imports.
func importInChild(t *testing.T, c crashTest, step int) {
	c.migrations = migrationsOfArchives
	archives := domain.Must(c.open(t).OpenArchives(t.Context()))
	k := &killer{left: step}
	archives.Database, archives.Objects = killedArchives{archives.Database, k}, killedContents{archives.Objects, k}
	file := domain.Must(os.ReadFile(filepath.Join(c.dir, "archive")))
	source := &trap{Reader: bytes.NewReader(file), at: int64(len(file) / 2), spring: k.step}
	if _, err := archives.Import(t.Context(), access.Installation(), source, as(domain.Must(domain.ParseTenantID("bolt")))); err != nil {
		t.Fatal(err)
	}
}

// trap calls spring once, when so many bytes were read.
type trap struct {
	*bytes.Reader
	at     int64
	spring func()
	once   sync.Once
}

// Read implements [io.Reader], in small steps.
func (r *trap) Read(p []byte) (int, error) {
	if r.Size()-int64(r.Len()) >= r.at {
		r.once.Do(r.spring)
	}
	return r.Reader.Read(p[:min(len(p), 4<<10)])
}

// killedArchives has the killer before and after each step.
type killedArchives struct {
	ports.TenantArchives
	killer *killer
}

func (a killedArchives) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	a.killer.step()
	pending, err := a.TenantArchives.Import(ctx, in)
	a.killer.step()
	return pending, err
}

func (a killedArchives) Activate(ctx context.Context, p ports.PendingImport, by domain.Actor) (domain.Tenant, error) {
	a.killer.step()
	made, err := a.TenantArchives.Activate(ctx, p, by)
	a.killer.step()
	return made, err
}

// killedContents has the killer before and after each file, and in the middle of it.
type killedContents struct {
	archive.Objects
	killer *killer
}

func (o killedContents) PutContent(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	o.killer.step()
	body := content.Body
	content.Body = &killedBody{ReadCloser: body, killer: o.killer}
	err := o.Objects.PutContent(ctx, key, content)
	o.killer.step()
	return err
}

// killedBody has the killer at its second read.
type killedBody struct {
	io.ReadCloser
	killer *killer
	reads  int
}

func (b *killedBody) Read(p []byte) (int, error) {
	if b.reads++; b.reads == 2 {
		b.killer.step()
	}
	return b.ReadCloser.Read(p[:min(len(p), 4<<10)])
}

// TestAnImportThatBreaksOffLeavesNothing breaks imports off by what goes wrong around them.
func TestAnImportThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	c := newImportCrash(t)
	bolt := domain.Must(domain.ParseTenantID("bolt"))
	cut := func() {
		c.execute(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	}
	size := int64(len(c.archive))
	for _, at := range []int64{size / 8, size / 2, size - 1} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := c.archives.Import(ctx, installation, &trap{Reader: bytes.NewReader(c.archive), at: at, spring: cancel}, as(bolt))
		mustBreakOff(t, err, context.Canceled)
		c.mustHaveNothing(t, bolt, fmt.Sprintf("cancelled at %d", at))
		cancel()
	}
	_, err := c.archives.Import(t.Context(), installation, &trap{Reader: bytes.NewReader(c.archive), at: size / 2, spring: cut}, as(bolt))
	mustBreakOff(t, err, domain.CodeDatabaseUnavailable)
	c.mustHaveNothing(t, bolt, "without its connection")

	for when, harm := range map[string]func() error{
		"its database restarted":  func() error { return c.server.Restart(t.Context()) },
		"its database was killed": c.server.Kill,
	} {
		_, err := c.archives.Import(t.Context(), installation, &trap{Reader: bytes.NewReader(c.archive), at: size / 2, spring: func() {
			if err := harm(); err != nil {
				t.Error(err)
			}
		}}, as(bolt))
		for c.super.PingContext(t.Context()) != nil && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		if err == nil { // the session outlived its server long enough to commit the rows, and the import waited for the next one
			c.mustRecover(t, bolt, when)
			continue
		}
		mustBreakOff(t, err, domain.CodeDatabaseUnavailable)
		c.mustHaveNothing(t, bolt, when)
	}

	small := *c.archives
	small.Objects = &memory.Objects{MaxBytes: 100_000} // the first file fits
	_, err = small.Import(t.Context(), installation, bytes.NewReader(c.archive), as(bolt))
	mustBreakOff(t, err, domain.KindOf(err))
	c.mustHaveNothing(t, bolt, "without room for files")
	if has, err := small.Objects.HasObjects(t.Context(), bolt); has || err != nil {
		t.Errorf("files are left: %v", err)
	}

	var racing sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		racing.Go(func() {
			_, errs[i] = c.archives.Import(t.Context(), installation, bytes.NewReader(c.archive), as(bolt))
		})
	}
	racing.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			mustBreakOff(t, err, domain.CodeTenantExists)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d imports of one ID succeeded", won, len(errs))
	}
	c.mustHaveAll(t, bolt, "after the race")
}

// mustBreakOff fails unless err is want, in one line.
func mustBreakOff(t *testing.T, err, want error) {
	t.Helper()
	if err == nil || !errors.Is(err, want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line of %v", err, want)
	}
}
