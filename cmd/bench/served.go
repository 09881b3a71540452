package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	statusRequest = "GET / HTTP/1.1\r\nHost: bench\r\nX-Tenant-ID: " + tenant + "\r\n\r\n"
	uploadBody    = `{"filename":"reports/2026.pdf","size":123456,"contentType":"application/pdf"}`
)

// The original system's figures on the machine where Echo without work had the floor's.
const (
	originalUploads = 1348.0
	originalFloor   = 80_900.0
)

func (b *bench) uploadRequest() string {
	return fmt.Sprintf("POST /files/upload-url HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nX-Tenant-ID: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", b.token, tenant, len(uploadBody), uploadBody)
}

// anUpload returns the program's own answer, which the reference program repeats.
func (b *bench) anUpload(ctx context.Context) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.program.addr+"/files/upload-url", strings.NewReader(uploadBody))
	if err != nil {
		return err.Error()
	}
	r.Header = http.Header{"Authorization": {"Bearer " + b.token}, "X-Tenant-Id": {tenant}, "Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return string(body)
}

func (b *bench) version(ctx context.Context) string {
	db, err := postgres.Open(ctx, b.config)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	return "PostgreSQL on a private server, fsync off"
}

// compare measures one request to both programs.
func (b *bench) compare(ctx context.Context, what, request string, target float64) (ours speed, lines []line, err error) {
	c, err := b.inTurns(ctx, request)
	if err != nil {
		return speed{}, nil, fmt.Errorf("%s: %w", what, err)
	}
	ours = c.ours
	tail := float64(ours.p99) / float64(ours.p50)
	return ours, []line{
		{what, fmt.Sprintf("%.0f req/s", ours.perSecond), fmt.Sprintf("%.0f req/s bare", c.bare.perSecond), fmt.Sprintf("%.2f", c.ratio), fmt.Sprintf("at least %.2f", target), c.ratio >= target},
		{what + ", p99", ours.p99.Round(10 * time.Microsecond).String(), ours.p50.Round(10*time.Microsecond).String() + " p50", fmt.Sprintf("%.1f", tail), "at most 4", tail <= 4},
	}, nil
}

func (b *bench) status(ctx context.Context) ([]line, error) {
	_, lines, err := b.compare(ctx, "GET / in a tenant", statusRequest, 0.85)
	return lines, err
}

func (b *bench) uploads(ctx context.Context) ([]line, error) {
	ours, lines, err := b.compare(ctx, "POST /files/upload-url", b.uploadRequest(), 0.8)
	if err != nil {
		return nil, err
	}
	floor, err := load(ctx, b.bare.addr, "GET /floor HTTP/1.1\r\nHost: bench\r\n\r\n", roundTime)
	if err != nil {
		return nil, err
	}
	original := originalUploads / originalFloor * floor.perSecond
	ratio := ours.perSecond / original
	_, most := b.program.memory()
	return append(lines,
		line{"the same, against the original", fmt.Sprintf("%.0f req/s", ours.perSecond), fmt.Sprintf("%.0f req/s, scaled by Echo's %.0f", original, floor.perSecond), fmt.Sprintf("%.1f", ratio), "at least 6", ratio >= 6},
		line{"memory under load", fmt.Sprintf("%d MiB", most), "", "", "at most 64 MiB", most <= 64},
	), nil
}

// idleTenants creates a thousand tenants, and measures their cost. The reference
// program, whose login has only one tenant's role, shows what the machine itself
// does in the meantime.
func (b *bench) idleTenants(ctx context.Context) ([]line, error) {
	const many = 1000
	before, err := b.inTurns(ctx, statusRequest)
	if err != nil {
		return nil, err
	}
	memory, _ := b.program.memory()
	perSecond, err := b.createTenants(ctx, many)
	if err != nil {
		return nil, err
	}
	after, err := b.inTurns(ctx, statusRequest)
	if err != nil {
		return nil, err
	}
	now, _ := b.program.memory()
	ratio := after.ratio / before.ratio
	return []line{
		{"GET / beside 1,000 idle tenants", fmt.Sprintf("%.0f req/s, %.0f before", after.ours.perSecond, before.ours.perSecond), fmt.Sprintf("%.0f req/s bare, %.0f before", after.bare.perSecond, before.bare.perSecond), fmt.Sprintf("%.2f", ratio), "at least 0.95", ratio >= 0.95},
		{"memory beside 1,000 idle tenants", fmt.Sprintf("%d MiB", now), fmt.Sprintf("%d MiB before", memory), "", "at most 4 MiB more", now <= memory+4},
		{"creating tenants, one connection", fmt.Sprintf("%.0f a second", perSecond), "", "", "", true},
	}, nil
}

// createTenants creates tenants, one after the other, and returns how many per second.
func (b *bench) createTenants(ctx context.Context, many int) (perSecond float64, err error) {
	db, err := postgres.Open(ctx, b.config)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	owner := domain.Must(domain.NewIdentity("bench", "owner"))
	began := time.Now()
	for i := range many {
		id := domain.Must(domain.ParseTenantID(fmt.Sprintf("idle-%d", i)))
		if _, err := db.Tenants().Create(ctx, ports.TenantCreation{ID: id, Owner: owner}); err != nil {
			return 0, err
		}
	}
	return float64(many) / time.Since(began).Seconds(), nil
}
