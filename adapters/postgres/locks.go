package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/domain"
)

// lock is the name of an advisory lock, which its transaction keeps to its end.
// Transactions that take several take them in the order of the functions below.
type lock int64

func lockOf(kind, name string) lock {
	sum := sha256.Sum256([]byte("partywall " + kind + " " + name))
	return lock(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // any 64 bits will do
}

// lockOfOwner is held while the tenants of an owner are counted and one is added.
func lockOfOwner(who domain.Identity) lock {
	return lockOf("owner", who.Provider()+"\x00"+who.Subject())
}

// lockOfID is held by everything that gives the ID out.
func lockOfID(id domain.TenantID) lock { return lockOf("tenant", id.String()) }

// lockOfReservations and lockOfUnconfirmed are held while these are counted and one
// is added, which doesn't take long.
func lockOfReservations() lock { return lockOf("reservations", "") }
func lockOfUnconfirmed() lock  { return lockOf("unconfirmed", "") }

// lockOfAddress is held while the mails to an address are counted and one is added. Its
// transaction has locked a tenant before.
func lockOfAddress(email domain.Email) lock { return lockOf("address", email.Key()) }

// takeWithGates waits for the lock of an ID that a tenant is about to get, keeps gates from
// being removed until the transaction ends, and returns how many there are.
func (l lock) takeWithGates(ctx context.Context, tx *sqlx.Tx) (gates int, err error) {
	err = tx.GetContext(ctx, &gates, `
		SELECT gates FROM partywall.installation, pg_catalog.pg_advisory_xact_lock($1), pg_catalog.pg_advisory_xact_lock_shared($2)`,
		int64(l), installation.GatesLock)
	return gates, err
}

// take waits for the lock.
func (l lock) take(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_catalog.pg_advisory_xact_lock($1)`, int64(l))
	return err
}

// try takes the lock unless another transaction has it.
func (l lock) try(ctx context.Context, tx *sqlx.Tx) (taken bool, err error) {
	err = tx.GetContext(ctx, &taken, `SELECT pg_catalog.pg_try_advisory_xact_lock($1)`, int64(l))
	return taken, err
}
