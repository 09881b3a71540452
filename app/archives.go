package app

import (
	"cmp"
	"context"

	"github.com/partywall-go/partywall/adapters/archive"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/ports"
)

// Archives exports a tenant into one file, imports it here or in another installation, and
// clones it. All of its methods need the operator's proof.
type Archives = archive.Service

// FileMode is what an archive has of a tenant's files.
type FileMode = archive.FileMode

// The modes.
const (
	IncludeFiles = archive.IncludeFiles // their names and contents
	ListFiles    = archive.ListFiles    // their names
	NoFiles      = archive.NoFiles
)

// Importing says how an archive becomes a tenant.
type Importing = archive.Importing

// Exported reports what an archive has.
type Exported = archive.Exported

// Imported reports what an import made.
type Imported = archive.Imported

// MissingMember is a member of an archive who has no account in this installation.
type MissingMember = archive.Missing

// ParseFileMode accepts a mode; the empty string is [IncludeFiles].
func ParseFileMode(s string) (FileMode, error) { return archive.ParseFileMode(s) }

// The codes of an archive that is refused: it is damaged, or does not fit this program.
const (
	CodeArchiveDamaged = archive.CodeDamaged
	CodeArchiveRefused = ports.CodeArchiveRefused
)

// archiveService returns what exports and imports tenants.
func (s stores) archiveService(cfg Config, objects archive.Objects) *Archives {
	service := &Archives{Objects: objects, Provider: cmp.Or(cfg.Cognito.PoolID, idp.ProviderName), Logger: cfg.logger(), Database: s.archives}
	if cfg.Cognito.PoolID == "" {
		service.Users, service.Unproven = s.users, !cfg.RequireConfirmation
	}
	return service
}

// OpenArchives opens the object store, and returns what exports and imports tenants. It
// is valid until Close.
func (r *Registry) OpenArchives(ctx context.Context) (*Archives, error) {
	if err := r.objects.open(ctx); err != nil {
		return nil, err
	}
	return r.stores.archiveService(r.config, r.objects.opened), nil
}
