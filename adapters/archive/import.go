package archive

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Importing says how an archive becomes a tenant.
type Importing struct {
	As    domain.TenantID // zero: the ID that it had
	Owner domain.Identity // becomes an owner, besides those of the archive; may be zero
}

// Imported reports what an import made.
type Imported struct {
	Tenant  domain.Tenant
	Tables  int
	Rows    int64
	Files   int64 // that were copied
	Bytes   int64 // of the files
	Without int64 // files whose contents the archive does not have

	Members    int       // who are members now
	ByAddress  int       // of them, found by their verified address
	Missing    []Missing // those of the archive who have no account here; at most maxMissing
	MissingAll int

	Invitations int // of any state
	ToResend    int // of them, open or expired: no token is good for these until they are resent
}

// Missing is a member of an archive who has no account in this installation.
type Missing struct {
	Provider string      `json:"provider"`
	Subject  string      `json:"sub"`
	Email    string      `json:"email,omitempty"`
	Role     domain.Role `json:"role"`
}

const maxMissing = 1000

// Import creates a tenant from an archive, all or nothing. The schema comes from the
// migrations of this program, up to the version of the archive; the rows are loaded
// without triggers, and checked against the manifest; then the later migrations run.
// OnProvision is not called.
//
// A member keeps an identity that this installation has, or gets the one with the same
// verified address. All others are reported as Missing. Without an owner among the
// members, name one in how. Invitations keep their states and get other IDs; an open one
// is accepted only after it is resent.
//
// An ID that no tenant may get is [domain.CodeTenantReserved].
//
// A tenant that is being imported is not served. After an error nothing is left of it; if
// the program is killed, the next sweep removes it, and files may be left, which keep the
// ID from being given out.
func (s *Service) Import(ctx context.Context, operator access.Operator, from io.Reader, how Importing) (report Imported, err error) {
	if err := operator.Require(); err != nil {
		return Imported{}, err
	}
	id := how.As
	defer func() { s.log(ctx, "imported", id, err) }()
	r, err := openReader(from)
	if err != nil {
		return Imported{}, err
	}
	defer r.Close()
	i := imports{service: s, reader: r, how: how, ctx: ctx}
	if err := i.prepare(ctx); err != nil {
		return Imported{}, err
	}
	id = i.id
	pending, err := s.Database.Import(ctx, i.tenant())
	if err != nil {
		return Imported{}, err
	}
	if err := i.complete(ctx, pending); err != nil {
		if left := i.discard(ctx, pending); left != nil {
			err = fmt.Errorf("%w; and what was imported could not be removed: %w", err, left)
		}
		return Imported{}, err
	}
	return i.report, nil
}

// imports is an import at work.
type imports struct {
	service  *Service
	reader   *reader
	how      Importing
	ctx      context.Context // of the reading of the members, which is an iterator
	id       domain.TenantID
	name     string
	settings domain.Settings
	limits   domain.TenantLimits
	copied   bool // whether a file was put
	report   Imported
}

// prepare checks what the manifest says, and that no files lie under the ID.
func (i *imports) prepare(ctx context.Context) (err error) {
	m := i.reader.manifest
	if i.id = i.how.As; i.id.IsZero() {
		if i.id, err = domain.ParseTenantID(m.Tenant.ID); err != nil {
			return damaged(err, "the tenant has no valid ID")
		}
	}
	if i.id.IsReserved() {
		return domain.NewError(domain.CodeTenantReserved)
	}
	if i.name, err = domain.ParseTenantName(m.Tenant.Name); err != nil {
		return damaged(err, "the tenant has no valid name")
	}
	if i.settings, err = domain.ParseSettings(m.Tenant.Settings); err != nil {
		return damaged(err, "the tenant has no valid settings")
	}
	i.limits = m.Tenant.Limits
	if err := i.limits.Validate(); err != nil {
		return damaged(err, "the tenant has no valid limits")
	}
	if _, err := ParseFileMode(string(m.Files.Mode)); err != nil || m.Files.Mode == "" {
		return damaged(err, "the files have an unknown mode")
	}
	has, err := i.service.Objects.HasObjects(ctx, i.id)
	if err == nil && has {
		return domain.NewError(domain.CodeTenantExists).WithMessage("the ID %s is taken: the object store has files under it, of a tenant that exists or of an earlier one: choose another ID", i.id)
	}
	return err
}

// tenant returns what the database imports.
func (i *imports) tenant() ports.TenantImport {
	m := i.reader.manifest
	in := ports.TenantImport{ArchivedTenant: ports.ArchivedTenant{Files: m.Migrations, Sequences: m.Sequences}, Rows: i.rows, Members: i.members, Invitations: i.invitations}
	in.Tenant.ID, in.Tenant.Name, in.Tenant.Settings, in.Tenant.Limits = i.id, i.name, i.settings, i.limits
	for _, t := range m.Tables {
		in.Tables = append(in.Tables, t.ArchivedTable)
	}
	return in
}

// rows returns the rows of the next table.
func (i *imports) rows(ports.ArchivedTable) (io.Reader, error) {
	t := i.reader.manifest.Tables[i.report.Tables]
	rows, err := i.reader.section(tableEntry(i.report.Tables), t.Rows)
	i.report.Tables++
	i.report.Rows += t.Rows.Lines
	return rows, err
}

// complete copies the files and activates the tenant.
func (i *imports) complete(ctx context.Context, pending ports.PendingImport) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		i.renew(ctx, pending, cancel)
	}()
	err = i.copyFiles(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(nil)
	<-renewed
	if err != nil {
		return err
	}
	// The rows are in the database, so a cancelled request does not break the activation off.
	err = i.service.patiently(context.WithoutCancel(ctx), func(ctx context.Context) (err error) {
		i.report.Tenant, err = i.service.Database.Activate(ctx, pending, domain.OperatorActor())
		return err
	})
	if domain.CodeOf(err) == domain.CodeLastOwner {
		return domain.NewError(domain.CodeLastOwner).WithField("owner").WithMessage("no owner of the archive has an account here: name an owner")
	}
	return err
}

// renew keeps the tenant while its files are copied.
func (i *imports) renew(ctx context.Context, pending ports.PendingImport, cancel context.CancelCauseFunc) {
	ticks := time.NewTicker(ports.ImportLife / 10)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if err := i.service.Database.Renew(ctx, pending); domain.KindOf(err) == domain.Conflict {
			cancel(err) // the tenant was removed; another error may pass
		}
	}
}

// discard removes what the import made, also after ctx is done. The files come first,
// because the pending tenant keeps the ID from others until they are removed.
func (i *imports) discard(ctx context.Context, pending ports.PendingImport) error {
	return i.service.patiently(context.WithoutCancel(ctx), func(ctx context.Context) error {
		var err error
		if i.copied {
			err = i.purge(ctx, pending)
		}
		if domain.KindOf(err) == domain.Unavailable {
			return err
		}
		return cmp.Or(i.service.Database.Discard(ctx, pending), err)
	})
}

// purge removes the files that were copied, as long as the ID is the import's.
func (i *imports) purge(ctx context.Context, pending ports.PendingImport) error {
	if err := i.service.Database.Renew(ctx, pending); err != nil {
		return err
	}
	for {
		if removed, err := i.service.Objects.Purge(ctx, i.id, 1000); removed == 0 || err != nil {
			return err
		}
	}
}
