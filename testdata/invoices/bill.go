package main

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// bill adds the fee of each tenant's plan to its invoices.
func bill(ctx context.Context, pw *app.Partywall) error {
	return pw.EachTenant(ctx, access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO invoices (text, cents)
			SELECT 'Partywall ' || p.name, p.cents_a_month FROM subscription s JOIN shared.plans p ON p.name = s.plan`)
		return err
	})
}
