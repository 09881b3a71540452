// Package apptest provides tenants to a product's tests: each test gets its own,
// with an owner who is signed in.
//
//	var config = app.Config{TenantMigrations: migrations}
//
//	func TestInvoices(t *testing.T) {
//		t.Parallel()
//		acme := apptest.Open(t, &config)
//		err := acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error { ... })
//
// [Open] uses a private PostgreSQL. It starts with the first test of a
// package that needs it, and ends with the test binary. It requires PostgreSQL's
// programs on the machine. [OpenMemory] has everything but SQL, and requires nothing.
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

// Tenant is a new tenant together with its installation.
type Tenant struct {
	*app.Partywall
	ID    domain.TenantID
	Owner User

	installation
}

// installation contains what tests that share an installation need besides the
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

// Authorize makes r a request of u to their tenant.
func (u User) Authorize(r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+u.Token)
	r.Header.Set("X-Tenant-ID", u.Member.Tenant().String())
}

// Open returns a new tenant on PostgreSQL. Tests that pass the same config
// share an installation, in which each has its own tenants, and may run in
// parallel; nil is the default config. Open ignores the settings of config for the
// database, identities, bucket and mailer: these parts are built in, and start empty.
//
// The test's own log contains what the installation logs as a warning or worse, such as
// the cause of a 500, in addition to config.Logger.
//
// On a machine without PostgreSQL the test fails, with the line that installs
// it.
func Open(t testing.TB, config *app.Config) *Tenant {
	t.Helper()
	running, with, err := installations.get(config)
	if err != nil {
		t.Fatal(err)
	}
	return newTenant(t, running, with)
}

// OpenMemory returns a new tenant of an installation in memory, which no other test
// uses. InTenant returns [app.CodeNoDatabase]; migrations and OnProvision
// do not run.
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

// Join signs up a new user and makes the user a member of x in that role.
func (x *Tenant) Join(t testing.TB, role domain.Role) User {
	t.Helper()
	return x.JoinAs(t, x.SignUp(t), role)
}

// Another returns another tenant of the same installation.
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
