package memory

import (
	"context"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// DB is the database of an installation in memory. [DB.Tenants], [DB.Members],
// [DB.Invitations], [DB.Reservations], [DB.Users], [DB.Events], [DB.Workers], [DB.Purges]
// and [DB.Archives] return it as each port sees it.
type DB struct {
	Breakable
	Now func() time.Time // nil: [time.Now]

	mu sync.Mutex

	tenants    map[domain.TenantID]*record
	tombstones map[domain.TenantID]*record // of tenants that are gone
	purges     map[domain.TenantID]*purge
	upgrading  map[domain.TenantID]bool // see SetUpgrading
	places     map[domain.Identity]map[domain.TenantID]domain.Membership
	answers    map[request]answer // to the creating requests with an idempotency key
	makings    map[any]making     // by what created the tenant: the hash of a claim token, or a key of its own

	reservations map[domain.TenantID]*reservation
	tokens       map[domain.TokenHash]domain.TenantID // of the reservations
	spent        map[domain.TokenHash]spentClaim

	invitations map[domain.InvitationID]*invitation
	mails       []invitationMail

	users        map[string]*user // by subject
	usersByEmail map[string]*user // by [domain.Email.Key]
	sessions     map[domain.TokenHash]*session

	log eventLog
}

var _ ports.Dependency = (*DB)(nil)

// Ready implements [ports.Dependency].
func (db *DB) Ready(ctx context.Context) error {
	return db.ready(ctx, domain.NewError(domain.CodeDatabaseUnavailable))
}

// SetStatus makes a tenant that has an owner [domain.Active] or [domain.Suspended].
func (db *DB) SetStatus(id domain.TenantID, status domain.TenantStatus) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.tenants[id]
	if t == nil {
		return errTenantNotFound
	}
	if !status.AcceptsMembers() {
		return domain.Invalidf("status", "a tenant with an owner is active or suspended")
	}
	t.Status = status
	return nil
}

// SetUpgrading makes a tenant answer as one whose schema is older than the program:
// with [domain.CodeTenantUpgrading] where a request reaches into its data. Its
// members are admitted all the same. Without upgrading the tenant answers as before.
func (db *DB) SetUpgrading(id domain.TenantID, upgrading bool) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.tenants[id] == nil {
		return errTenantNotFound
	}
	set(&db.upgrading, id, upgrading)
	return nil
}
