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

// house is the use cases on memory.
type house struct {
	*tenants.Service
	db     *memory.DB
	people *idptest.Provider
	mail   *memory.Mailbox
	now    time.Time
}

func newHouse() *house {
	h := &house{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), people: idptest.New(), mail: &memory.Mailbox{}}
	h.db = &memory.DB{Now: func() time.Time { return h.now }}
	h.Service = &tenants.Service{
		Tenants:      h.db.Tenants(),
		Reservations: h.db.Reservations(),
		Identities:   h.people,
		Mail:         h.mail,
	}
	return h
}

// anyone creates an unclaimed tenant.
func (h *house) anyone(t *testing.T, id string) tenants.Created {
	t.Helper()
	created, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID(id)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// owned creates a tenant that who owns.
func (h *house) owned(t *testing.T, id string, who ports.Caller) tenants.Created {
	t.Helper()
	created, err := h.Create(t.Context(), tenants.Creator{Caller: who}, tenants.Creation{ID: tenantID(id)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// caller makes somebody up who is signed in.
func (h *house) caller(email string) ports.Caller {
	return domain.Must(h.people.Caller(address(email)))
}

// unverified is a provider whose users have yet to prove their addresses.
type unverified struct{ ports.IdentityProvider }

func (p unverified) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	user, err := p.IdentityProvider.User(ctx, access)
	user.EmailVerified = false
	return user, err
}

func tenantID(s string) domain.TenantID { return domain.Must(domain.ParseTenantID(s)) }

func address(s string) domain.Email { return domain.Must(domain.ParseEmail(s)) }
