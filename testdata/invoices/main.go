// Command invoices is a small product on Partywall: every tenant writes its own
// invoices and pays a monthly fee. It has all commands of Partywall under its
// own name, and one more:
//
//	invoices         serves, on http://localhost:3000
//	invoices setup   makes or updates a configured database
//	invoices bill    adds the month's fee to every tenant's invoices
//	invoices --help  lists the others
package main

import (
	"context"
	"embed"
	"io"
	"io/fs"

	"github.com/jmoiron/sqlx"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/cli"
	"github.com/partywall-go/partywall/domain"
)

//go:embed migrations
var migrations embed.FS

func main() {
	cli.Main(cli.Program{
		Name:      "invoices",
		Configure: product,
		Handler:   routes,
		Commands: []cli.Command{{
			Name:    "bill",
			Summary: "add the month's fee to every tenant's invoices",
			Run: func(ctx context.Context, pw *app.Partywall, _ []string, _ io.Writer) error {
				return bill(ctx, pw)
			},
		}},
	})
}

// product returns cfg with the product's additions.
func product(cfg app.Config) app.Config {
	cfg.TenantMigrations, _ = fs.Sub(migrations, "migrations/tenant") // cannot fail: the folder is embedded
	cfg.SharedMigrations, _ = fs.Sub(migrations, "migrations/shared")
	cfg.Resolve = app.Subdomain("localhost")
	cfg.OnProvision = subscribe
	cfg.Permissions = map[domain.Permission][]domain.Role{writeInvoices: writers}
	if cfg.PublicURL != nil {
		cfg.PublicURL = cfg.PublicURL.JoinPath("/pw")
	}
	return cfg
}

// subscribe starts every tenant on the smallest plan.
func subscribe(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant, _ domain.Identity) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO subscription VALUES ('starter')`)
	return err
}
