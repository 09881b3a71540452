package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/klauspost/compress/zstd"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

var installation = access.Installation()

// archived returns an archive of a tenant with rows and files.
func archived(t *testing.T, x *apptest.Tenant, mode app.FileMode) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := x.Archives.Export(t.Context(), installation, x.ID, &file, mode); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// putFile keeps a file of the tenant.
func putFile(t *testing.T, x *apptest.Tenant, name, text string) {
	t.Helper()
	key := domain.Must(domain.NewObjectKey(x.ID, name))
	err := x.Archives.Objects.PutContent(t.Context(), key, ports.ObjectContent{
		Body: io.NopCloser(strings.NewReader(text)), Size: int64(len(text)), ContentType: "text/plain", Headers: map[string]string{"Cache-Control": "no-store"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fileOf returns the content of a tenant's file.
func fileOf(t *testing.T, x *apptest.Tenant, id domain.TenantID, name string) string {
	t.Helper()
	content, err := x.Archives.Objects.OpenContent(t.Context(), domain.Must(domain.NewObjectKey(id, name)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(content.Body)
	if err := errors.Join(err, content.Body.Close()); err != nil || content.ContentType != "text/plain" || content.Headers["Cache-Control"] != "no-store" {
		t.Errorf("%+v, %v", content, err)
	}
	return string(text)
}

// newID returns an ID that is not taken.
func newID(t *testing.T, x *apptest.Tenant, suffix string) domain.TenantID {
	t.Helper()
	return domain.Must(domain.ParseTenantID(strings.ToLower(x.ID.String()[:min(30, len(x.ID.String()))]) + "-" + suffix))
}

func TestATenantIsExportedImportedAndCloned(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	if err := acme.InTenant(t.Context(), acme.Owner.Member, book(100)); err != nil {
		t.Fatal(err)
	}
	putFile(t, acme, "a/ü.txt", "hello")
	putFile(t, acme, "empty", "")
	file := archived(t, acme, app.IncludeFiles)

	imported, err := acme.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{As: newID(t, acme, "copy")})
	if err != nil {
		t.Fatal(err)
	}
	if imported.Rows != 2 || imported.Tables != 2 || imported.Files != 2 || imported.Bytes != 5 || imported.Members != 1 || imported.MissingAll != 0 || imported.Tenant.Status != domain.Active {
		t.Errorf("%+v", imported)
	}
	cloned, err := acme.Archives.Clone(t.Context(), installation, imported.Tenant.ID, app.Importing{As: newID(t, acme, "clone")})
	if err != nil {
		t.Fatal(err)
	}
	member, err := acme.Access.Admit(t.Context(), acme.Owner.Member.Identity(), cloned.Tenant.ID)
	if err != nil || member.Role() != domain.RoleOwner {
		t.Fatalf("the owner: %v, %v", member.Role(), err)
	}
	var cents, about int
	err = acme.InTenant(t.Context(), member, func(ctx context.Context, tx *sqlx.Tx) error {
		return errors.Join(tx.GetContext(ctx, &cents, `SELECT sum(cents) FROM invoices`), tx.GetContext(ctx, &about, `SELECT count(*) FROM about`))
	})
	if err != nil || cents != 100 || about != 1 {
		t.Errorf("%d cents, OnProvision's row %d times: %v", cents, about, err)
	}
	if text := fileOf(t, acme, cloned.Tenant.ID, "a/ü.txt"); text != "hello" {
		t.Errorf("the file has %q", text)
	}

	if _, err := acme.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{}); !errors.Is(err, domain.CodeTenantExists) {
		t.Errorf("a taken ID: %v", err)
	}
	if _, err := acme.Archives.Import(t.Context(), access.Operator{}, bytes.NewReader(file), app.Importing{As: newID(t, acme, "no")}); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("without a proof: %v", err)
	}
	if _, err := acme.Archives.Export(t.Context(), access.Operator{}, acme.ID, io.Discard, app.NoFiles); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("without a proof: %v", err)
	}
	if _, err := acme.Archives.Clone(t.Context(), installation, newID(t, acme, "none"), app.Importing{As: newID(t, acme, "no")}); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("a clone of no tenant: %v", err)
	}
	full := errors.New("no space left on device")
	if _, err := acme.Archives.Export(t.Context(), installation, acme.ID, fullDisk{full}, app.IncludeFiles); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}

// fullDisk accepts nothing.
type fullDisk struct{ err error }

func (f fullDisk) Write([]byte) (int, error) { return 0, f.err }

func TestAnImportedTenantNeedsAnOwnerWithAnAccount(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	id := newID(t, acme, "copy")
	file := archived(t, acme, app.NoFiles)
	elsewhere := apptest.Open(t, &app.Config{TenantMigrations: invoices.TenantMigrations, SharedMigrations: invoices.SharedMigrations})
	_, err := elsewhere.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{As: id})
	if !errors.Is(err, domain.CodeLastOwner) || !strings.Contains(err.Error(), "(owner)") {
		t.Fatalf("no owner has an account there: %v", err)
	}
	imported, err := elsewhere.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{As: id, Owner: elsewhere.Owner.Member.Identity()})
	if err != nil {
		t.Fatal(err)
	}
	if imported.Members != 1 || imported.MissingAll != 1 || imported.Missing[0].Subject != acme.Owner.Member.Identity().Subject() || imported.Missing[0].Role != domain.RoleOwner {
		t.Errorf("%+v", imported)
	}
}

// TestMembersOfAnArchiveAreFoundByTheirAddress imports a tenant whose second owner has
// an account with the same address, in an installation where users prove their addresses,
// and in one where they do not.
func TestMembersOfAnArchiveAreFoundByTheirAddress(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	proving := invoices
	proving.RequireConfirmation = true // else no membership has an address
	acme := apptest.Open(t, &proving)
	account := acme.SignUp(t)
	eve := acme.JoinAs(t, account, domain.RoleOwner)
	me := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/me", http.NoBody)
	eve.Authorize(me)
	acme.Handler().ServeHTTP(httptest.NewRecorder(), me) // keeps the address with the membership
	file := archived(t, acme, app.NoFiles)

	for proven, found := range map[bool]int{true: 1, false: 0} {
		elsewhere := apptest.Open(t, &app.Config{TenantMigrations: invoices.TenantMigrations, SharedMigrations: invoices.SharedMigrations, RequireConfirmation: proven})
		there := signUpAs(t, elsewhere, account.Email, proven)
		imported, err := elsewhere.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{As: newID(t, acme, "copy"), Owner: elsewhere.Owner.Member.Identity()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = elsewhere.Access.Admit(t.Context(), there, imported.Tenant.ID)
		if imported.ByAddress != found || imported.MissingAll != 2-found || (err == nil) != proven {
			t.Errorf("proven %t: %+v, admitted: %v", proven, imported, err)
		}
	}
}

// signUpAs signs a user with the address up, and confirms it if that is required.
func signUpAs(t *testing.T, x *apptest.Tenant, email domain.Email, confirm bool) domain.Identity {
	t.Helper()
	user, err := x.Identities.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: domain.NewSecret("correct horse battery")})
	if err == nil && confirm {
		err = x.Identities.VerifyEmail(t.Context(), limits.Address{}, email, x.NextMail(t, email).Secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	return user.Identity
}

func TestADamagedArchiveLeavesNothing(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	for i := range 50 {
		if err := acme.InTenant(t.Context(), acme.Owner.Member, book(i)); err != nil {
			t.Fatal(err)
		}
	}
	putFile(t, acme, "a.txt", "hello")
	putFile(t, acme, "b.txt", strings.Repeat("0123456789", 10_000))
	whole := archived(t, acme, app.IncludeFiles)
	id := newID(t, acme, "copy")
	refused := func(file []byte, what string, at int) {
		t.Helper()
		_, err := acme.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{As: id})
		if !errors.Is(err, app.CodeArchiveDamaged) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s at %d of %d: %v", what, at, len(whole), err)
		}
		if has, err := acme.Archives.Objects.HasObjects(t.Context(), id); has || err != nil {
			t.Errorf("%s at %d: files are left: %v", what, at, err)
		}
		if _, err := acme.Tenants.Probe(t.Context(), id); !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("%s at %d: a tenant is left: %v", what, at, err)
		}
	}
	for at := 0; at < len(whole); at += max(1, len(whole)/23) {
		if flipped := slices.Clone(whole); !decompressesAlike(flipped, whole, at) {
			refused(flipped, "a flipped bit", at)
		}
		refused(whole[:at], "a cut", at)
	}
	refused(whole[:len(whole)-1], "a cut", len(whole)-1)
	refused(slices.Concat(whole, []byte("more")), "more", len(whole))
	refused(slices.Concat(whole, whole), "another archive", len(whole))
	if _, err := acme.Archives.Import(t.Context(), installation, bytes.NewReader(whole), app.Importing{As: id}); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

// decompressesAlike flips a bit of an archive, and reports whether its contents are the
// same all the same: some bits of Zstandard's tables mean nothing.
func decompressesAlike(flipped, whole []byte, at int) bool {
	flipped[at] ^= 0x10
	decoder := domain.Must(zstd.NewReader(nil))
	defer decoder.Close()
	got, err := decoder.DecodeAll(flipped, nil)
	return err == nil && bytes.Equal(got, domain.Must(decoder.DecodeAll(whole, nil)))
}

// TestAProductMovesTenantsInMemory exports a tenant with settings, a member, invitations
// and a file, and imports it into another installation in memory.
func TestAProductMovesTenantsInMemory(t *testing.T) {
	t.Parallel()
	acme, elsewhere := apptest.OpenMemory(t, nil), apptest.OpenMemory(t, nil)
	ctx := t.Context()
	invited, err := acme.Invitations.Create(ctx, domain.Must(installation.Manager(acme.ID)), ports.Caller{}, invitations.Invite{Role: domain.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, acme, "a/ü.txt", "hello")
	file := archived(t, acme, app.IncludeFiles)

	id := newID(t, acme, "copy")
	imported, err := elsewhere.Archives.Import(ctx, installation, bytes.NewReader(file), app.Importing{As: id, Owner: elsewhere.Owner.Member.Identity()})
	if err != nil {
		t.Fatal(err)
	}
	if imported.Invitations != 1 || imported.ToResend != 1 || imported.Files != 1 || imported.Members != 1 || imported.MissingAll != 1 {
		t.Errorf("%+v", imported)
	}
	if text := fileOf(t, elsewhere, id, "a/ü.txt"); text != "hello" {
		t.Errorf("the file has %q", text)
	}
	by := domain.Must(installation.Manager(id))
	open, err := elsewhere.Invitations.List(ctx, by, domain.InvitationOpen, domain.InvitationID{}, 0)
	if err != nil || len(open.Invitations) != 1 || open.Invitations[0].ID == invited.ID || !open.Invitations[0].ExpiresAt.Equal(invited.ExpiresAt) {
		t.Fatalf("%+v, %v", open, err)
	}
	if _, err := elsewhere.Invitations.Preview(ctx, limits.Address{}, invited.Token); !errors.Is(err, domain.CodeInvitationInvalid) {
		t.Errorf("the token of the other installation: %v", err)
	}
	resent, err := elsewhere.Invitations.Resend(ctx, by, ports.Caller{}, open.Invitations[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if offer, err := elsewhere.Invitations.Preview(ctx, limits.Address{}, resent.Token); err != nil || offer.Tenant != id || offer.Role != domain.RoleViewer {
		t.Errorf("%+v, %v", offer, err)
	}
}

// TestAnArchiveHasTheContentsUnlessOtherwiseSaid exports by the zero mode, and by one that
// does not exist.
func TestAnArchiveHasTheContentsUnlessOtherwiseSaid(t *testing.T) {
	t.Parallel()
	acme := apptest.OpenMemory(t, nil)
	putFile(t, acme, "a.txt", "hello")
	file := archived(t, acme, "")
	copied, err := acme.Archives.Import(t.Context(), installation, bytes.NewReader(file), app.Importing{As: newID(t, acme, "copy")})
	if err != nil {
		t.Fatal(err)
	}
	if text := fileOf(t, acme, copied.Tenant.ID, "a.txt"); text != "hello" || copied.Without != 0 {
		t.Errorf("%q, %+v", text, copied)
	}
	var none bytes.Buffer
	_, err = acme.Archives.Export(t.Context(), installation, acme.ID, &none, "everything")
	if fieldOf(err) != "files" || domain.KindOf(err) != domain.Invalid || none.Len() > 0 {
		t.Errorf("a mode that does not exist: %v, %d bytes", err, none.Len())
	}
}

func TestNoImportGetsAReservedID(t *testing.T) {
	t.Parallel()
	acme := apptest.OpenMemory(t, nil)
	file := archived(t, acme, app.NoFiles)
	for _, id := range []string{"admin", "www", "xn--pple-43d"} {
		how := app.Importing{As: domain.Must(domain.ParseTenantID(id))}
		if _, err := acme.Archives.Import(t.Context(), installation, bytes.NewReader(file), how); !errors.Is(err, domain.CodeTenantReserved) {
			t.Errorf("import as %s: %v", id, err)
		}
		if _, err := acme.Archives.Clone(t.Context(), installation, acme.ID, how); !errors.Is(err, domain.CodeTenantReserved) {
			t.Errorf("clone as %s: %v", id, err)
		}
	}
}
