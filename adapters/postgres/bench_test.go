package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func BenchmarkProbe(b *testing.B) {
	db, _ := pgtest.Open(b)
	acme := pgtest.MakeTenant(b, db, "acme")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := db.Tenants().Probe(b.Context(), acme); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFindMember(b *testing.B) {
	db, _ := pgtest.Open(b)
	acme, who := pgtest.MakeTenant(b, db, "acme"), pgtest.Identity(b, "owner-of-acme")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := db.Members().Find(b.Context(), who, acme); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkInTenant(b *testing.B) {
	db, _ := pgtest.Open(b, pgtest.WithNotes)
	acme := pgtest.MakeTenant(b, db, "acme")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := db.InTenant(b.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				var n int
				return tx.QueryRowContext(ctx, `SELECT count(*) FROM notes WHERE id = $1`, 1).Scan(&n)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCreateTenant(b *testing.B) {
	db, _ := pgtest.Open(b, pgtest.WithNotes)
	for i := 0; b.Loop(); i++ {
		pgtest.MakeTenant(b, db, fmt.Sprintf("tenant-%d", i))
	}
}
