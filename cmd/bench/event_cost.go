package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// changers is how many connections change memberships at once, each in a tenant of its
// own, because changes of one tenant wait for each other.
const changers = 8

// eventCost measures changes of a membership over HTTP, and the same without their events:
// a trigger then skips the row, so that there is nothing to number and nothing to consume.
func (b *bench) eventCost(ctx context.Context) ([]line, error) {
	super, err := b.superuser()
	if err != nil {
		return nil, err
	}
	defer super.Close()
	if err := execute(ctx, super,
		`CREATE FUNCTION public.skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
		`CREATE TRIGGER skip BEFORE INSERT ON partywall.events FOR EACH ROW EXECUTE FUNCTION public.skip()`,
	); err != nil {
		return nil, err
	}
	requests, err := b.membershipChanges(ctx)
	if err != nil {
		return nil, err
	}
	var with, without, ratios []float64
	for round := range rounds + 1 {
		ours, err := b.changeMemberships(ctx, super, requests, false)
		if err != nil {
			return nil, err
		}
		bare, err := b.changeMemberships(ctx, super, requests, true)
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first one warms up
			with, without, ratios = append(with, ours), append(without, bare), append(ratios, bare/ours)
		}
	}
	ours, bare, ratio := measure.Median(with), measure.Median(without), measure.Median(ratios) // of the times
	return []line{{"changing a membership, events included", fmt.Sprintf("%.0f req/s", ours), fmt.Sprintf("%.0f req/s without events", bare), fmt.Sprintf("%.2f", ratio), "at most 1.10", ratio <= 1.1}}, nil
}

// membershipChanges creates the tenants, and returns the requests that promote and demote
// the same member of each.
func (b *bench) membershipChanges(ctx context.Context) (requests [][2][]byte, err error) {
	db, err := postgres.Open(ctx, b.config)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	found, err := db.Members().List(ctx, ports.MemberQuery{Tenant: domain.Must(domain.ParseTenantID(tenant)), Limit: 1})
	if err != nil {
		return nil, err
	}
	owner := found[0].Identity
	member := domain.Must(domain.NewIdentity(owner.Provider(), "changed"))
	for i := range changers {
		id := domain.Must(domain.ParseTenantID(fmt.Sprintf("changed-%d", i)))
		_, createErr := db.Tenants().Create(ctx, ports.TenantCreation{ID: id, Owner: owner})
		_, grantErr := db.Members().Grant(ctx, ports.MemberGrant{Tenant: id, Member: member, Role: domain.RoleViewer})
		if err := errors.Join(createErr, grantErr); err != nil {
			return nil, err
		}
		requests = append(requests, [2][]byte{b.roleChange(id, domain.RoleAdmin), b.roleChange(id, domain.RoleMember)})
	}
	return requests, nil
}

func (b *bench) roleChange(id domain.TenantID, role domain.Role) []byte {
	body := fmt.Sprintf(`{"role":%q}`, role)
	return fmt.Appendf(nil, "PATCH /tenants/%s/members/changed HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", id, b.token, len(body), body)
}

// changeMemberships changes memberships for a round, with their events or without.
func (b *bench) changeMemberships(ctx context.Context, super *sql.DB, requests [][2][]byte, skip bool) (perSecond float64, err error) {
	setting := `ALTER TABLE partywall.events DISABLE TRIGGER skip`
	if skip {
		setting = `ALTER TABLE partywall.events ENABLE TRIGGER skip`
	}
	if err := execute(ctx, super, setting); err != nil {
		return 0, err
	}
	before, err := newestEvent(ctx, super)
	if err != nil {
		return 0, err
	}
	counts, errs := make([]int, changers), make([]error, changers)
	var wait sync.WaitGroup
	began := time.Now()
	for i := range changers {
		wait.Go(func() {
			times, err := ask(ctx, b.program.addr, began.Add(time.Second), requests[i][:]...)
			counts[i], errs[i] = len(times), err
		})
	}
	wait.Wait()
	took := time.Since(began)
	after, err := newestEvent(ctx, super)
	if err := errors.Join(errors.Join(errs...), err); err != nil {
		return 0, err
	}
	if recorded := after > before; recorded == skip {
		return 0, fmt.Errorf("events were recorded: %v, want %v", recorded, !skip)
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took.Seconds(), nil
}

func newestEvent(ctx context.Context, super *sql.DB) (id int64, err error) {
	err = super.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM partywall.events`).Scan(&id)
	return id, err
}

func execute(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
