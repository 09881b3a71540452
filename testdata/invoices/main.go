// Command invoices is a small product on Partywall: every tenant writes invoices
// of its own, and pays a monthly fee.
//
//	invoices         serves, on http://localhost:3000
//	invoices setup   makes or updates the database
//	invoices bill    adds the month's fee to every tenant's invoices
package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/jmoiron/sqlx"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

//go:embed migrations
var migrations embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := app.ConfigFromEnv(os.Stderr)
	if err == nil {
		err = run(ctx, product(cfg), os.Args[1:])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// product returns cfg with what makes it invoices'.
func product(cfg app.Config) app.Config {
	cfg.TenantMigrations, _ = fs.Sub(migrations, "migrations/tenant") // embedded: it is there
	cfg.SharedMigrations, _ = fs.Sub(migrations, "migrations/shared")
	cfg.Resolve = app.Subdomain("localhost")
	cfg.OnProvision = subscribe
	if cfg.PublicURL != nil {
		cfg.PublicURL = cfg.PublicURL.JoinPath("/pw")
	}
	return cfg
}

// subscribe starts every tenant on the smallest plan.
func subscribe(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO subscription VALUES ('starter')`)
	return err
}

func run(ctx context.Context, cfg app.Config, args []string) error {
	if len(args) > 0 && args[0] == "setup" {
		return app.Setup(ctx, cfg, func(line string) { fmt.Println(line) })
	}
	pw, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer pw.Close()
	if len(args) > 0 && args[0] == "bill" {
		return bill(ctx, pw)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(cfg.ListenHost(), strconv.Itoa(cfg.Port)))
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	return pw.ServeHandler(ctx, listener, routes(pw))
}
