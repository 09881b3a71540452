package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/files"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// Partywall is a running installation. [New] opens it, and Close ends it.
type Partywall struct {
	Access      *access.Service
	Tenants     *tenants.Service
	Members     *members.Service
	Invitations *invitations.Service
	Events      *events.Service
	Identities  *identities.Service
	Files       *files.Service
	Archives    *Archives

	// Parts describes to a person which part runs where.
	Parts []Part

	config   Config
	api      *httpapi.API
	mail     ports.Notifier
	inFlight *limits.Tenants
	sql      *postgres.DB // nil on memory
	tasks    *tasks

	closing sync.Mutex // held while everything is stopped
	closers []func(context.Context) error
}

// Part is one of the systems that an installation consists of.
type Part struct {
	Name    string // database, identities, files or mail
	Where   string // in a few words
	BuiltIn bool
}

// New opens every part that cfg names. It reads no environment variables and has no
// fallback. If a part cannot be opened, the error is one line that says what to
// do. An unreachable configured database is not an error: the installation is not
// ready until it can be reached. Neither are the user pool's keys, which New
// waits for at most two seconds. ctx limits the opening only.
func New(ctx context.Context, cfg Config) (_ *Partywall, err error) {
	cfg = cfg.withDefaults()
	p := &Partywall{config: cfg, tasks: newTasks(cfg.logger()), inFlight: limits.NewTenants(cfg.tenantLimits())}
	defer func() {
		if err != nil {
			_ = p.Close() // err already contains the reason
		}
	}()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := p.build(ctx); err != nil {
		return nil, errors.Join(err, p.tasks.Close(ctx))
	}
	if cfg.missesProxies() {
		cfg.logger().Warn(allAreOneAddress, "fix", nameProxies)
	}
	p.closers = append(p.closers, p.tasks.Close)
	p.tasks.Every(sweepInterval, p.sweep)
	p.tasks.Every(sweepInterval, p.sweepEvents)
	p.deliverEvents()
	p.purgeTenants()
	return p, nil
}

// build opens the parts in the order of their dependencies.
func (p *Partywall) build(ctx context.Context) error {
	permissions, err := domain.NewPermissions(p.config.Permissions)
	if err != nil {
		return err
	}
	secrets, err := p.openKeys()
	if err != nil {
		return err
	}
	stores, err := p.openDatabase(ctx)
	if err != nil {
		return err
	}
	cloud, err := p.loadAWS(ctx)
	if err != nil {
		return err
	}
	p.mail = &mails.Service{Mailer: p.openMail(cloud), Render: p.config.RenderMail}
	signIn, err := p.openIdentities(stores.users, p.mail, secrets, cloud)
	if err != nil {
		return err
	}
	objects, err := p.openObjects(ctx, secrets, cloud)
	if err != nil {
		return err
	}

	p.Access = &access.Service{Members: stores.memberStore(p.config), Permissions: permissions, Workers: stores.workers, InFlight: p.inFlight}
	p.Members, p.Tenants = stores.services(p.config)
	p.Events = stores.eventService(p.config)
	p.Tenants.Users, p.Tenants.Unproven = signIn.provider, p.confirmsUnseen()
	p.Tenants.Limits, p.Tenants.InFlight = tenants.NewLimits(nil), p.inFlight
	p.Tenants.Objects, p.Tenants.ObjectTenants = objects.purger, objects.purger
	p.Invitations = stores.invitationService(p.config)
	unproven := p.confirmsUnseen() && p.mailLeaves()
	p.Invitations.Users, p.Invitations.Unproven = signIn.provider, unproven
	p.Invitations.Limits = invitations.NewLimits(nil)
	p.Identities = &identities.Service{
		Provider:    signIn.provider,
		Directory:   stores.directory,
		Tenants:     p.Tenants,
		Invitations: p.Invitations,
		Limits:      identities.NewLimits(nil),
	}
	if !unproven {
		p.Identities.Emails = stores.members
	}
	p.Files = &files.Service{Signer: objects.signer, Store: objects.store, MaxSize: p.config.UploadMaxSize, RequireSize: p.config.UploadRequireSize}
	p.Archives = stores.archiveService(p.config, objects.store)
	p.api = httpapi.New(httpapi.Config{
		Access:         p.Access,
		Tenants:        p.Tenants,
		Events:         p.Events,
		Identities:     p.Identities,
		Members:        p.Members,
		Invitations:    p.Invitations,
		Files:          p.Files,
		Verifier:       signIn.verifier,
		Operators:      p.config.OperatorKeys,
		Dependencies:   []httpapi.Dependency{{Name: "database", Check: stores.ready}, {Name: "jwks", Check: signIn.keys}, {Name: "object_store", Check: objects.ready}},
		LocalKeys:      signIn.jwks,
		LocalObjects:   objects.handler,
		Resolve:        p.config.Resolve,
		TrustedProxies: p.config.TrustedProxies,
		AllowOrigins:   p.config.AllowOrigins,
		PublicURL:      p.config.PublicURL,
		HideDocs:       p.config.HideDocs,
		Logger:         p.config.logger(),
	})
	return signIn.fetched(ctx) // the keys were fetched while the other parts were opened
}

// Handler serves the API's routes. It may be mounted below a prefix, behind
// [http.StripPrefix]. Config.PublicURL must then end in that prefix, so that signed
// URLs lead back to it.
func (p *Partywall) Handler() http.Handler { return p.api }

// closePatience is how long Close waits for a private PostgreSQL to end orderly.
const closePatience = 3 * time.Second

// Close is [Partywall.Shutdown] with a limit of three seconds.
func (p *Partywall) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	return p.Shutdown(ctx)
}

// Shutdown stops everything that New started, in the opposite order. The
// next process sends the mail of events that was not sent yet. When ctx is done, the
// rest is stopped by force, within a second. No committed transaction is lost. Requests
// must have ended before. A later call that needs the database returns
// [domain.CodeDatabaseUnavailable]. Of several calls of Shutdown, the first stops
// everything, and the others wait for it and return nil.
func (p *Partywall) Shutdown(ctx context.Context) error {
	p.closing.Lock()
	defer p.closing.Unlock()
	var errs []error
	for _, closer := range slices.Backward(p.closers) {
		errs = append(errs, closer(ctx))
	}
	p.closers = nil
	return errors.Join(errs...)
}

func (p *Partywall) closes(closer func() error) {
	p.closers = append(p.closers, func(context.Context) error { return closer() })
}

func (p *Partywall) sweep(ctx context.Context) error {
	n, err := p.Tenants.Sweep(ctx)
	if n > 0 {
		p.config.logger().Info("freed the IDs of tenants that were not claimed", "count", n)
	}
	return err
}

func (p *Partywall) describe(name, where string, builtIn bool) {
	p.Parts = append(p.Parts, Part{name, where, builtIn})
}
