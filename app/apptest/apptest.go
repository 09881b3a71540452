// Package apptest gives a product's tests tenants to work in: each test its own,
// with an owner who is signed in.
//
//	var config = app.Config{TenantMigrations: migrations}
//
//	func TestInvoices(t *testing.T) {
//		t.Parallel()
//		acme := apptest.Open(t, &config)
//		err := acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error { ... })
//
// [Open] runs on a private PostgreSQL, which starts with the first test of a
// package that asks for it and ends with the test binary; it needs PostgreSQL's
// programs on the machine. [OpenMemory] has everything but SQL, and needs nothing.
package apptest

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

// Tenant is a fresh tenant together with the installation that it lives in.
type Tenant struct {
	*app.Partywall
	ID    domain.TenantID
	Owner User

	installation
}

// installation is what the tests that share one have of it, besides the
// installation itself.
type installation struct {
	mail *mailbox
	log  *testLog
}

// User is a member of a tenant, signed in for an hour.
type User struct {
	Member access.Member
	Token  string // an access token
}

// Authorize makes r a request of u's to their tenant.
func (u User) Authorize(r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+u.Token)
	r.Header.Set("X-Tenant-ID", u.Member.Tenant().String())
}

// Open returns a fresh tenant on PostgreSQL. Tests that pass the same config
// share an installation, in which each has tenants of its own, and may run in
// parallel; nil is the default one. Of config, what names a database, identities,
// a bucket or a mailer is left aside: all of these are built in, and begin empty.
//
// What the installation logs as a warning or worse, such as the cause of a 500, is in
// the test's own log, besides config.Logger.
//
// Where the machine has no PostgreSQL the test fails, with the line that installs
// it.
func Open(t testing.TB, config *app.Config) *Tenant {
	t.Helper()
	running, with, err := installations.get(config)
	if err != nil {
		t.Fatal(err)
	}
	return newTenant(t, running, with)
}

// OpenMemory returns a fresh tenant of an installation in memory that is the
// test's own. There, InTenant is [app.CodeNoDatabase]; migrations and OnProvision
// aren't run.
func OpenMemory(t testing.TB, config *app.Config) *Tenant {
	t.Helper()
	keys, err := installations.signingKeys()
	if err != nil {
		t.Fatal(err)
	}
	cfg, with := builtIn(config, keys)
	cfg.Memory = true
	running, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	return newTenant(t, running, with)
}

// Join signs up a new user and makes it a member of x in that role.
func (x *Tenant) Join(t testing.TB, role domain.Role) User {
	t.Helper()
	return x.JoinAs(t, x.SignUp(t), role)
}

// Another returns one more tenant of the same installation: the neighbour.
func (x *Tenant) Another(t testing.TB) *Tenant {
	t.Helper()
	return newTenant(t, x.Partywall, x.installation)
}

func newTenant(t testing.TB, running *app.Partywall, with installation) *Tenant {
	t.Helper()
	x := &Tenant{Partywall: running, installation: with}
	owner := x.SignUp(t)
	id, err := domain.ParseTenantID("t-" + strings.ToLower(rand.Text()))
	if err != nil {
		t.Fatal(err)
	}
	by := tenants.Creator{Operator: access.Installation(), For: owner.Identity}
	if _, err := running.Tenants.Create(t.Context(), by, tenants.Creation{ID: id, Name: t.Name()}); err != nil {
		t.Fatal(err)
	}
	x.ID = id
	x.log.watch(t, id)
	x.Owner = x.signIn(t, owner)
	return x
}
