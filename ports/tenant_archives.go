package ports

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// TenantArchives reads everything that the database keeps of a tenant, and creates a
// tenant from it, here or in another installation. Files are not part of it, and neither
// are events, which belong to the installation.
type TenantArchives interface {
	// Export passes on the members, the invitations and the tables of a tenant as they
	// are at one moment, also of a suspended or deleted one, and returns the rest. No
	// transaction is open afterwards. A tenant that does not exist or is being purged, or of
	// which only a reservation or a tombstone exists, is [domain.CodeTenantNotFound]. An
	// error of into comes back as it is.
	Export(ctx context.Context, id domain.TenantID, into ArchiveSink) (ArchivedTenant, error)

	// Import creates a tenant with the rows, the members and the invitations of in, all or
	// nothing. The tenant is served only after Activate, and a sweep removes it if it is
	// not renewed for [ImportLife]. No token is good for an invitation until it is resent.
	// An ID that is taken, also by an import that is not activated, is
	// [domain.CodeTenantExists]. An archive that does not fit the migrations of this
	// program, or has two open invitations to one address, is [CodeArchiveRefused], with
	// the reason. An error of in comes back as it is.
	Import(ctx context.Context, in TenantImport) (PendingImport, error)

	// Renew keeps the tenant for another [ImportLife]. An import that was discarded,
	// activated or swept is [ErrImportEnded].
	Renew(ctx context.Context, p PendingImport) error

	// Activate serves the tenant from now on. Its event is [domain.EventTenantCreated],
	// on behalf of one of its owners. A tenant without an active owner is
	// [domain.CodeLastOwner], and stays as it is. An import that was discarded or swept is
	// [ErrImportEnded]. Where the answer was lost, Activate is repeated: while the tenant
	// is active, it returns it again, and records no further event.
	Activate(ctx context.Context, p PendingImport, by domain.Actor) (domain.Tenant, error)

	// Discard removes the tenant as if it had never been. It does nothing to one that
	// was activated, and nothing to what was imported since under the same ID.
	Discard(ctx context.Context, p PendingImport) error
}

// CodeArchiveRefused is the code of a tenant that cannot be exported, and of an archive
// that cannot be imported. It is for the operator.
const CodeArchiveRefused domain.Code = "archive_refused"

// ErrArchiveRefused says in one line why a tenant cannot be exported or imported.
func ErrArchiveRefused(format string, args ...any) *domain.Error {
	return domain.Errorf(domain.Internal, format, args...).WithCode(CodeArchiveRefused)
}

// ErrTwoInvitations refuses an archive with two open invitations to one address.
func ErrTwoInvitations() *domain.Error {
	return ErrArchiveRefused("the archive has two open invitations to one address")
}

// ErrImportEnded is the error for an import that is no longer pending.
var ErrImportEnded = domain.Errorf(domain.Conflict, "the import took too long to be kept: start it again")

// ImportLife is how long a tenant that was imported, and neither renewed nor activated,
// stays.
const ImportLife = 10 * time.Minute

// ArchiveSink receives what an export reads.
type ArchiveSink interface {
	// Member receives a membership.
	Member(m domain.Membership) error

	// Invitation receives an invitation of any state. The invitations come after the
	// members, in the order of their IDs.
	Invitation(i domain.Invitation) error

	// Table returns what receives the rows of a table, until the next call. A row is a
	// line in the text format of PostgreSQL's COPY. The tables come in an order in which
	// they can be filled.
	Table(t ArchivedTable) (io.Writer, error)
}

// ArchivedTenant is a tenant in an archive, without its members, invitations and rows.
type ArchivedTenant struct {
	Tenant    domain.TenantDetails
	Files     []ArchivedFile
	Sequences []ArchivedSequence
}

// ArchivedFile is a migration that the tenant has.
type ArchivedFile struct {
	Set      string `json:"set"`
	Number   int64  `json:"number"`
	Name     string `json:"name"`
	Checksum string `json:"checksum"`
}

// ArchivedTable is a table with the columns that its rows have.
type ArchivedTable struct {
	Name    string           `json:"name"`
	Columns []ArchivedColumn `json:"columns"`
}

// ArchivedColumn is a column with its type as PostgreSQL names it.
type ArchivedColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// ArchivedSequence is a sequence with its last value.
type ArchivedSequence struct {
	Name   string `json:"name"`
	Last   int64  `json:"last"`
	Called bool   `json:"called"` // whether Last was returned
}

// TenantImport is a tenant to be created from an archive.
type TenantImport struct {
	ArchivedTenant // its Tenant's ID, name, settings and limits are those of the new tenant
	Tables         []ArchivedTable

	// Members returns the memberships of the new tenant. It is used once, before
	// Invitations.
	Members iter.Seq2[domain.Membership, error]

	// Invitations returns the invitations of the new tenant, whose IDs no other tenant's
	// invitations have. It is used once, between Members and Rows.
	Invitations iter.Seq2[domain.Invitation, error]

	// Rows returns the rows of each table, in the order of Tables. Reading to the end
	// fails if they are not what the archive says.
	Rows func(ArchivedTable) (io.Reader, error)
}

// PendingImport is a tenant that [TenantArchives.Import] created and that is not served.
type PendingImport struct {
	Tenant domain.TenantID
	Token  string // distinguishes the import from others of the ID
}
