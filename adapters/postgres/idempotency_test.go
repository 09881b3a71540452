package postgres_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// TestIdempotency runs the contract on requests that record an event in a tenant.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	super := pgtest.Superuser(t, cfg)
	porttest.Idempotency(t, func(t *testing.T) porttest.Creating {
		id := pgtest.TenantID(t, "t-"+strings.ToLower(rand.Text()))
		send := func(key *ports.Idempotency, refusal error) (string, bool, error) {
			event, err := domain.NewEvent(t.Context(), domain.EventMemberAdded, id, domain.OperatorActor(), map[string]string{"text": rand.Text()})
			if err != nil {
				return "", false, err
			}
			answer, replayed, err := db.RecordOnce(t.Context(), key, event, refusal)
			return string(answer), replayed, err
		}
		return porttest.Creating{
			By:     domain.UserActor(pgtest.Identity(t, "ada")),
			Tenant: id,
			Send:   func(key *ports.Idempotency) (string, bool, error) { return send(key, nil) },
			Refuse: func(key *ports.Idempotency) error { _, _, err := send(key, errors.New("refused")); return err },
			Count: func(t *testing.T) int {
				t.Helper()
				return pgtest.Query[int](t, super, `SELECT count(*) FROM partywall.events WHERE tenant = $1`, id.String())
			},
		}
	})
}

// TestARecordOfARequestExpires uses a key again after 23 hours and 59 minutes, and after
// a day.
func TestARecordOfARequestExpires(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	super := pgtest.Superuser(t, cfg)
	creation := pgtest.Creation(t, "acme")
	request := func(fingerprint byte) *ports.Idempotency {
		return &ports.Idempotency{By: domain.UserActor(creation.Owner), Route: "r", Key: "k", Fingerprint: [32]byte{fingerprint}}
	}
	creation.Idempotency = request(1)
	if _, err := db.Tenants().Create(t.Context(), creation); err != nil {
		t.Fatal(err)
	}
	age := func(by string) {
		t.Helper()
		pgtest.Execute(t, super, `UPDATE partywall.idempotency SET expires_at = expires_at - $1::interval`, by)
		if _, err := db.Tenants().Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	}
	age("23:59:00")
	if again, err := db.Tenants().Create(t.Context(), creation); err != nil || !again.Replayed {
		t.Errorf("before a day: %+v, %v", again, err)
	}
	pgtest.Execute(t, super, `UPDATE partywall.idempotency SET expires_at = now()`) // and no sweep
	event := newEvent(t, "acme")
	if answer, replayed, err := db.RecordOnce(t.Context(), request(2), event, nil); err != nil || replayed {
		t.Errorf("another request under the key: %s, %v, %v", answer, replayed, err)
	}
	if answer, replayed, err := db.RecordOnce(t.Context(), request(2), event, nil); err != nil || !replayed || string(answer) != "{}" {
		t.Errorf("the same again: %s, %v, %v", answer, replayed, err)
	}
	age("24:00:00")
	if n := pgtest.Query[int](t, super, `SELECT count(*) FROM partywall.idempotency`); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// TestTheLastReleaseReplaysOurCreationsAndWeItsOwn compares the record of a creation with
// that of the release before, whose programs serve beside ours.
func TestTheLastReleaseReplaysOurCreationsAndWeItsOwn(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	super := pgtest.Superuser(t, cfg)
	creation := pgtest.Creation(t, "acme")
	creation.Idempotency = &ports.Idempotency{By: domain.UserActor(creation.Owner), Route: "POST /auth/tenants", Key: "k"}
	first, err := db.Tenants().Create(t.Context(), creation)
	if err != nil {
		t.Fatal(err)
	}
	const theirs = `
		SELECT fingerprint = $1 AND name = 'acme' AND status = 'active' AND created_at = (SELECT created_at FROM partywall.tenants) AND expires_at > now()
		FROM partywall.idempotency
		WHERE tenant = 'acme' AND digest = '\xfd3a343d843f2e4bbe30fa0fab6386870ea721d7dc0d8ee5fe75323b4555599b'`
	if !pgtest.Query[bool](t, super, theirs, creation.Idempotency.Fingerprint[:]) {
		t.Error("the release before does not replay our answer")
	}
	pgtest.Execute(t, super, `UPDATE partywall.idempotency SET answer = '{"of": "a record that expired and that the release before used again"}'`)
	if again, err := db.Tenants().Create(t.Context(), creation); err != nil || !again.Replayed || again.Tenant != first.Tenant {
		t.Errorf("we replay %+v of the release before, %v; want %+v", again.Tenant, err, first.Tenant)
	}
}
