package archive

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Service exports, imports and clones tenants.
type Service struct {
	Database ports.TenantArchives
	Objects  Objects
	Users    ports.AccountStore // of the built-in identities; nil: they are another system's
	Provider string             // of the installation's identities
	Unproven bool               // the provider confirms addresses without proof: an import finds no member by address
	Logger   *slog.Logger
}

// Objects is an object store, as an archive needs it.
type Objects interface {
	ports.ObjectStore
	ports.ObjectPurger
	ports.ObjectContents
}

// FileMode is what an archive has of a tenant's files. The zero FileMode is IncludeFiles.
type FileMode string

// The modes.
const (
	IncludeFiles FileMode = "include" // their names and contents
	ListFiles    FileMode = "list"    // their names
	NoFiles      FileMode = "none"
)

// ParseFileMode accepts a mode; the empty string is IncludeFiles.
func ParseFileMode(s string) (FileMode, error) {
	switch mode := FileMode(s); mode {
	case "":
		return IncludeFiles, nil
	case IncludeFiles, ListFiles, NoFiles:
		return mode, nil
	}
	return "", domain.Invalidf("files", "the files of an archive are include, list or none")
}

// log writes the audit line of what the operator did.
func (s *Service) log(ctx context.Context, what string, tenant domain.TenantID, err error) {
	outcome := "done"
	if err != nil {
		outcome = err.Error()
	}
	s.Logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "the operator "+what+" a tenant",
		slog.String("audit", "tenant_"+what), slog.String("actor", "operator"), slog.String("tenant", tenant.String()), slog.String("outcome", outcome))
}

// outagePatience is how long an import waits for a database or an object store that
// cannot be used.
const outagePatience = time.Minute

// patiently calls do again while the database or the object store cannot be used.
func (s *Service) patiently(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, outagePatience)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := do(ctx)
		if domain.KindOf(err) != domain.Unavailable {
			return err
		}
		s.Logger.WarnContext(ctx, "an import waits for the database or the object store", "error", err, "patience", outagePatience)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// damaged says in one line why an archive cannot be read.
func damaged(err error, text string, args ...any) *domain.Error {
	return domain.Errorf(domain.Internal, "the archive is damaged: %s", fmt.Sprintf(text, args...)).WithCode(CodeDamaged).WithCause(err)
}
