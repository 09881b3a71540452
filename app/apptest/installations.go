package apptest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/app"
)

// installations contains the installations of this test binary. It is a variable because
// tests have nothing else in common: no main function, and no order.
var installations pool

// pool starts what tests share when the first of them needs it.
type pool struct {
	mu     sync.Mutex
	server *embeddedpg.Server
	keys   *idp.Keys
	opened map[*app.Config]*shared
	names  int // of databases
}

// shared is one installation. It has its own lock, so that other installations need not wait for it.
type shared struct {
	open func() (*app.Partywall, error) // once
	with installation
}

// get returns the installation of config.
func (p *pool) get(config *app.Config) (*app.Partywall, installation, error) {
	found, err := p.of(config)
	if err != nil {
		return nil, installation{}, err
	}
	running, err := found.open()
	return running, found.with, err
}

func (p *pool) of(config *app.Config) (*shared, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if opened, found := p.opened[config]; found {
		return opened, nil
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	p.names++
	cfg, with := builtIn(config, p.keys)
	cfg = p.onServer(cfg, fmt.Sprintf("%s_%d", p.server.Database, p.names))
	opened := &shared{sync.OnceValues(func() (*app.Partywall, error) { return open(cfg) }), with}
	p.opened[config] = opened
	return opened, nil
}

// start starts the server and generates the keys, unless an earlier test did.
func (p *pool) start() (err error) {
	if err := p.makeKeys(); err != nil || p.server != nil {
		return err
	}
	p.opened = map[*app.Config]*shared{}
	p.server, err = embeddedpg.StartTemporary(context.Background(), embeddedpg.Temporary{})
	if err != nil {
		return fmt.Errorf("a PostgreSQL for the tests: %w", err)
	}
	return nil
}

// onServer returns cfg with a database and a folder of its own on the server.
func (p *pool) onServer(cfg app.Config, name string) app.Config {
	own := cfg.Database
	cfg.Database = app.Database{
		Host: p.server.Host, Port: p.server.Port, User: p.server.User, Password: p.server.Password, Name: name, SSLMode: "disable",
		Roles: own.Roles, MigrationPatience: own.MigrationPatience,
		ConnectTimeout: own.ConnectTimeout, AcquireTimeout: own.AcquireTimeout,
		StatementTimeout: own.StatementTimeout, LockTimeout: own.LockTimeout, IdleTimeout: own.IdleTimeout,
	}
	cfg.DataDir = filepath.Join(filepath.Dir(p.server.Dir), name)
	return cfg
}

func open(cfg app.Config) (*app.Partywall, error) {
	ctx := context.Background()
	if err := app.Setup(ctx, cfg, func(string) {}); err != nil {
		return nil, err
	}
	return app.New(ctx, cfg)
}

// signingKeys returns the keys of all installations of the test binary, because
// generating them takes longer than most tests.
func (p *pool) signingKeys() (*idp.Keys, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.makeKeys()
	return p.keys, err
}

func (p *pool) makeKeys() (err error) {
	if p.keys == nil {
		p.keys, err = idp.NewKeys()
	}
	return err
}

// builtIn returns a copy of config with all parts built in, and what tests need of
// the installation.
func builtIn(config *app.Config, keys *idp.Keys) (app.Config, installation) {
	var cfg app.Config
	if config != nil {
		cfg = *config
	}
	cfg.Memory, cfg.Keys, cfg.Hasher = false, keys, memory.Hasher{}
	cfg.Cognito, cfg.S3 = app.Cognito{}, app.S3{}
	with := installation{&mailbox{}, &testLog{}}
	cfg.Mail, cfg.Logger = with.mail, with.log.logger(cfg.Logger)
	return cfg, with
}

// Close stops the server that [Open] started, with its installations. A package may
// call it at the end of its TestMain. Without the call, the server ends with the test
// binary, and a later server removes its folder.
func Close() error {
	p := &installations
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, opened := range p.opened {
		if running, err := opened.open(); err == nil {
			errs = append(errs, running.Close())
		}
	}
	if p.server != nil {
		errs = append(errs, p.server.Close())
	}
	p.server, p.opened = nil, nil
	return errors.Join(errs...)
}
