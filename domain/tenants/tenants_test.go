package tenants_test

import (
	"context"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// installation has the use cases on memory.
type installation struct {
	*tenants.Service
	db    *memory.DB
	users *idptest.Provider
	now   time.Time
}

func newInstallation() *installation {
	h := &installation{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), users: idptest.New()}
	h.db = &memory.DB{Now: func() time.Time { return h.now }}
	h.Service = &tenants.Service{
		Registry:     h.db.Tenants(),
		Provisioner:  h.db.Tenants(),
		Prober:       h.db.Tenants(),
		Reservations: h.db.Reservations(),
		Lifecycle:    h.db.Lifecycle(),
		Directory:    h.db.Directory(),
		Users:        h.users,
	}
	return h
}

// reserve creates an unclaimed tenant.
func (h *installation) reserve(t *testing.T, id string) tenants.Created {
	t.Helper()
	created, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID(id)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// owned creates a tenant that the identity owns.
func (h *installation) owned(t *testing.T, id string, caller ports.Caller) tenants.Created {
	t.Helper()
	created, err := h.Create(t.Context(), tenants.Creator{Caller: caller}, tenants.Creation{ID: tenantID(id)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// caller returns a signed-in caller.
func (h *installation) caller(email string) ports.Caller {
	return domain.Must(h.users.Caller(address(email)))
}

// unverified is a provider whose users have yet to prove their addresses.
type unverified struct{ ports.UserReader }

func (p unverified) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	user, err := p.UserReader.User(ctx, access)
	user.EmailVerified = false
	return user, err
}

func tenantID(s string) domain.TenantID { return domain.Must(domain.ParseTenantID(s)) }

func address(s string) domain.Email { return domain.Must(domain.ParseEmail(s)) }
