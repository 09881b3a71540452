package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/adapters/postgres"
)

func (p *Partywall) openDatabase(ctx context.Context) (stores, error) {
	switch {
	case p.config.Memory:
		return p.openMemoryDatabase(), nil
	case p.config.Database.Host == "":
		return p.openPrivateDatabase(ctx)
	}
	cfg := postgresConfig(p.config)
	p.describe("database", fmt.Sprintf("PostgreSQL at %s, database %s", cfg.Address(), cfg.Database), false)
	return p.openPostgres(ctx, cfg)
}

func (p *Partywall) openMemoryDatabase() stores {
	db := &memory.DB{}
	p.describe("database", "memory: lost when the program ends", true)
	return stores{db.Tenants(), db.Members(), db.MembersWithSettings(), db.Reservations(), db.Lifecycle(), db.Directory(), db.Purges(), db.Invitations(), db.Users(), db.Workers(), db.Events(), db.Archives(), db}
}

// openPrivateDatabase starts a PostgreSQL server of our own, and sets it up, because no operator does.
func (p *Partywall) openPrivateDatabase(ctx context.Context) (stores, error) {
	cfg, server, err := startPrivate(ctx, p.config)
	if err != nil {
		return stores{}, err
	}
	p.closers = append(p.closers, server.Shutdown)
	p.describe("database", fmt.Sprintf("a private PostgreSQL on %s, its data in %s", server.Where, server.Dir), true)
	err = postgres.Setup(ctx, cfg, func(line string) { p.config.logger().Debug("setup", "did", line) })
	if errors.Is(err, postgres.CodeSetupIncomplete) {
		p.config.logger().ErrorContext(ctx, "setup left some tenants behind; the others are served", "error", err)
	} else if err != nil {
		return stores{}, err
	}
	return p.openPostgres(ctx, cfg)
}

func startPrivate(ctx context.Context, c Config) (postgres.Config, *embeddedpg.Server, error) {
	server, err := embeddedpg.Start(ctx, embeddedpg.Config{DataDir: c.DataDir, Logger: c.logger()})
	if err != nil {
		return postgres.Config{}, nil, err
	}
	c.Database.Host, c.Database.Port = server.Host, server.Port
	c.Database.User, c.Database.Password = server.User, server.Password
	c.Database.Name, c.Database.SSLMode = server.Database, "disable"
	return postgresConfig(c), server, nil
}

func (p *Partywall) openPostgres(ctx context.Context, cfg postgres.Config) (stores, error) {
	cfg.MaxTenantConns = p.inFlight.MaxConnections
	db, err := postgres.Open(ctx, cfg)
	if err != nil {
		return stores{}, err
	}
	p.closes(db.Close)
	p.sql = db
	return storesOf(db), nil
}

func postgresConfig(c Config) postgres.Config {
	d := c.Database
	return postgres.Config{
		Host:             d.Host,
		Port:             d.Port,
		User:             d.User,
		Password:         d.Password,
		Database:         d.Name,
		SSLMode:          d.SSLMode,
		SSLRootCert:      d.SSLRootCert,
		AcquireTimeout:   d.AcquireTimeout,
		MaxConns:         d.MaxConns,
		GateSecret:       d.GateSecret,
		PasswordOld:      d.PasswordOld,
		GateSecretOld:    d.GateSecretOld,
		StatementTimeout: d.StatementTimeout,
		LockTimeout:      d.LockTimeout,
		IdleTimeout:      d.IdleTimeout,
		ConnectTimeout:   d.ConnectTimeout,

		MigrationPatience: d.MigrationPatience,

		Roles:            d.Roles,
		TenantMigrations: c.TenantMigrations,
		SharedMigrations: c.SharedMigrations,
		OnProvision:      c.OnProvision,
		Program:          c.Program,
		Logger:           c.logger(),
	}
}
