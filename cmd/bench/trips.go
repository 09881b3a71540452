package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// counter is a proxy in front of the database that counts round trips: how often the
// client sends after the server did.
type counter struct {
	net.Listener
	target string
	trips  atomic.Int64
}

func newCounter(target string) (*counter, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &counter{Listener: listener, target: target}
	go func() {
		for {
			client, err := c.Accept()
			if err != nil {
				return
			}
			go c.serve(client)
		}
	}()
	return c, nil
}

func (c *counter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	var answered atomic.Bool
	answered.Store(true)
	go func() {
		_ = pump(client, server, func() { answered.Store(true) })
		client.Close()
	}()
	_ = pump(server, client, func() {
		if answered.Swap(false) {
			c.trips.Add(1)
		}
	})
}

// pump copies data, and calls passing before each piece.
func pump(to io.Writer, from io.Reader, passing func()) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			passing()
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// roundTrips counts the adapter's round trips to the database, through a proxy.
func (b *bench) roundTrips(ctx context.Context) ([]line, error) {
	c, err := newCounter(net.JoinHostPort(b.config.Host, strconv.Itoa(b.config.Port)))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	cfg := b.config
	cfg.Host, cfg.Port = "127.0.0.1", c.Addr().(*net.TCPAddr).Port
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
