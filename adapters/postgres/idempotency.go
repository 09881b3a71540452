package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// once runs create under the idempotency key, if there is one, and stores its answer as
// JSON, without secrets. Where an earlier request has the key, once returns the answer of
// that one. Everything that create depends on is read after the key is taken. create makes
// the tenant, or something in it.
func once[A any](ctx context.Context, tx *sqlx.Tx, key *ports.Idempotency, tenant domain.TenantID, create func() (A, error)) (answer A, replayed bool, err error) {
	if replayed, err = takeKey(ctx, tx, key, tenant, &answer); replayed || err != nil {
		return answer, replayed, err
	}
	if answer, err = create(); err != nil || key == nil {
		return answer, false, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return answer, false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE partywall.idempotency SET answer = $2::json WHERE digest = $1`, digest(key), string(text))
	return answer, false, err
}

// hasAnswer are the records i that replay an answer. A record without one is left by a
// product's hook that committed the transaction of a creation.
const hasAnswer = `i.expires_at > now() AND (i.answer IS NOT NULL OR i.status <> '')`

// takeKey takes the idempotency key, if there is one. Where an earlier request has the
// key, takeKey decodes its answer into first and returns true. While that request is being
// served, takeKey waits.
func takeKey(ctx context.Context, tx *sqlx.Tx, key *ports.Idempotency, tenant domain.TenantID, first any) (replayed bool, err error) {
	if key == nil {
		return false, nil
	}
	inserted, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.idempotency AS i (digest, fingerprint, tenant, expires_at)
		VALUES ($1, $2, $3, now() + $4 * interval '1 second')
		ON CONFLICT (digest) DO UPDATE
		SET fingerprint = excluded.fingerprint, tenant = excluded.tenant, name = '', status = '', answer = NULL,
			created_at = excluded.created_at, expires_at = excluded.expires_at
		WHERE NOT (`+hasAnswer+`)`,
		digest(key), key.Fingerprint[:], tenant.String(), int64(ports.IdempotencyLife/time.Second))
	if err != nil {
		return false, err
	}
	if n, err := inserted.RowsAffected(); n > 0 || err != nil {
		return false, err
	}
	var fingerprint []byte
	var answer string
	if err := tx.QueryRowContext(ctx, `
		SELECT i.fingerprint, CASE WHEN i.status = '' THEN i.answer ELSE `+keptTenant+` END
		FROM partywall.idempotency i WHERE i.digest = $1`, digest(key)).Scan(&fingerprint, &answer); err != nil {
		return false, err
	}
	if !bytes.Equal(fingerprint, key.Fingerprint[:]) {
		return false, domain.NewError(domain.CodeIdempotencyMismatch)
	}
	return true, json.Unmarshal([]byte(answer), first)
}

// The answer to the creation of a tenant, which a program of an older release keeps in
// columns of their own, and so do we beside it.
const (
	// keepTenant stores the tenant made for the key whose digest is $6, in the statement
	// that makes it.
	keepTenant = `
		UPDATE partywall.idempotency i SET name = made.name, status = 'active', created_at = made.created_at
		FROM made WHERE i.digest = $6`

	// keptTenant is that answer as a createdTenant.
	keptTenant = `json_build_object('id', i.tenant, 'name', i.name, 'status', i.status, 'createdAt', i.created_at)`
)

// createdTenant is the answer to the creation of a tenant.
type createdTenant struct {
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	Status    domain.TenantStatus `json:"status"`
	CreatedAt time.Time           `json:"createdAt"`
}

func (c createdTenant) tenant() (t domain.Tenant, err error) {
	t = domain.Tenant{Name: c.Name, Status: c.Status, CreatedAt: c.CreatedAt.UTC()}
	t.ID, err = domain.ParseTenantID(c.ID)
	return t, err
}

// replay takes the idempotency key, or reports that an earlier request has it.
func (p *provisioning) replay(ctx context.Context, tx *sqlx.Tx) (replayed bool, err error) {
	var first createdTenant
	replayed, err = takeKey(ctx, tx, p.new.Idempotency, p.new.ID, &first)
	if !replayed || err != nil {
		return false, err
	}
	p.made.Replayed = true
	p.made.Tenant, err = first.tenant()
	return true, err
}

// answered reports whether an earlier request has the key.
func (p *provisioning) answered(ctx context.Context, l *installation.Logins) (bool, error) {
	if p.new.Idempotency == nil {
		return false, nil
	}
	return pg.One(ctx, l.System, scanBool, `
		SELECT EXISTS (SELECT FROM partywall.idempotency i WHERE i.digest = $1 AND `+hasAnswer+`)`, digest(p.new.Idempotency))
}

// digest is the name of the record: no two requests share it by the way their parts are
// split. It is nil without a key. A request that creates a tenant has the digest that
// programs of older releases give it.
func digest(key *ports.Idempotency) []byte {
	if key == nil {
		return nil
	}
	parts := []string{key.By.Identity.Provider(), key.By.Identity.Subject(), key.Route, key.Key}
	if !key.Tenant.IsZero() {
		parts = append(parts, key.Tenant.String())
	}
	h := sha256.New()
	for _, part := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash doesn't fail
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}
