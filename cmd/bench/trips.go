package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// counter is a proxy in front of the database that counts round trips: how often the
// client sends after the server did.
type counter struct {
	*measure.Relay
	trips atomic.Int64
}

func newCounter(network, address string) (c *counter, err error) {
	c = &counter{}
	c.Relay, err = measure.NewRelay(network, address, func() measure.Tap {
		var answered atomic.Bool
		answered.Store(true)
		return measure.Tap{
			FromServer: func([]byte) { answered.Store(true) },
			FromClient: func([]byte) {
				if answered.Swap(false) {
					c.trips.Add(1)
				}
			},
		}
	})
	return c, err
}

// roundTrips counts the adapter's round trips to the database, through a proxy.
func (b *bench) roundTrips(ctx context.Context) ([]line, error) {
	c, err := newCounter("tcp", net.JoinHostPort(b.config.Host, strconv.Itoa(b.config.Port)))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	cfg := b.config
	cfg.Host, cfg.Port = "127.0.0.1", c.Port()
	db, err := postgres.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	who, id := domain.Must(domain.NewIdentity("bench", "counted")), domain.Must(domain.ParseTenantID("counted"))
	if _, err := db.Tenants().Create(ctx, ports.TenantCreation{ID: id, Owner: who}); err != nil {
		return nil, err
	}
	var lines []line
	for _, work := range []struct {
		what string
		most int64
		do   func() error
	}{
		{"round trips of GET /", 1, func() error { _, err := db.Tenants().Probe(ctx, id); return err }},
		{"round trips of a membership", 1, func() error { _, err := db.Members().Find(ctx, who, id); return err }},
		{"round trips of a membership with settings", 1, func() error { _, err := db.MembersWithSettings().Find(ctx, who, id); return err }},
		{"round trips of a scoped statement", 3, func() error {
			return db.InTenant(ctx, id, func(ctx context.Context, tx *sqlx.Tx) error {
				var n int
				return tx.GetContext(ctx, &n, `SELECT $1::int`, 1)
			})
		}},
	} {
		if err := errors.Join(work.do(), work.do()); err != nil { // then the connections exist
			return nil, err
		}
		before := c.trips.Load()
		if err := work.do(); err != nil {
			return nil, err
		}
		trips := c.trips.Load() - before
		lines = append(lines, line{what: work.what, figure: strconv.FormatInt(trips, 10), target: fmt.Sprintf("at most %d", work.most), met: trips <= work.most})
	}
	return lines, nil
}
