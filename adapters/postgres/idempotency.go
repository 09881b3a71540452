package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// replay takes the idempotency key, if there is one, together with the answer
// that it's going to have, or reports whether an earlier request has it. While
// that is at work, taking the key waits.
func (p *provisioning) replay(ctx context.Context, tx *sqlx.Tx) (bool, error) {
	key := p.new.Idempotency
	if key == nil {
		return false, nil
	}
	inserted, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.idempotency AS old (digest, fingerprint, tenant, name, status, expires_at)
		VALUES ($1, $2, $3, $4, 'active', now() + $5 * interval '1 second')
		ON CONFLICT (digest) DO UPDATE
		SET fingerprint = excluded.fingerprint, tenant = excluded.tenant, name = excluded.name, status = excluded.status,
			created_at = excluded.created_at, expires_at = excluded.expires_at
		WHERE old.expires_at <= now()`,
		digest(key), key.Fingerprint[:], p.new.ID.String(), p.new.Name, int64(ports.IdempotencyLife/time.Second))
	if err != nil {
		return false, err
	}
	if n, err := inserted.RowsAffected(); n > 0 || err != nil {
		return false, err
	}
	var fingerprint []byte
	row := tx.QueryRowContext(ctx, `
		SELECT fingerprint, tenant, name, status, created_at, claim_expires_at
		FROM partywall.idempotency WHERE digest = $1`, digest(key))
	p.made.Tenant, err = scanTenant(row, &fingerprint)
	if err != nil {
		return false, err
	}
	if !bytes.Equal(fingerprint, key.Fingerprint[:]) {
		return false, domain.NewError(domain.CodeIdempotencyMismatch)
	}
	p.made.Replayed = true
	return true, nil
}

// answered reports whether an earlier request has the key.
func (p *provisioning) answered(ctx context.Context, l *installation.Logins) (bool, error) {
	if p.new.Idempotency == nil {
		return false, nil
	}
	return pg.One(ctx, l.System, scanBool, `
		SELECT EXISTS (SELECT FROM partywall.idempotency WHERE digest = $1 AND expires_at > now())`, digest(p.new.Idempotency))
}

// digest is the idempotency record's name: no two requests share it by the way
// their parts are split.
func digest(key *ports.Idempotency) []byte {
	h := sha256.New()
	for _, part := range []string{key.Identity.Provider(), key.Identity.Subject(), key.Route, key.Key} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash doesn't fail
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}
