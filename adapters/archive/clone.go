package archive

import (
	"context"
	"errors"
	"io"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// Clone creates the tenant how.As from tenant id, as [Service.Export] and
// [Service.Import] do, without a file between them.
func (s *Service) Clone(ctx context.Context, operator access.Operator, id domain.TenantID, how Importing) (Imported, error) {
	if err := how.As.Require(); err != nil {
		return Imported{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	exported := make(chan error, 1)
	go func() {
		_, err := s.Export(ctx, operator, id, w, IncludeFiles)
		_ = w.CloseWithError(err) // it returns no error
		exported <- err
	}()
	report, err := s.Import(ctx, operator, r, how)
	_ = r.CloseWithError(errImportFailed) // it returns no error
	if exportErr := <-exported; exportErr != nil && !errors.Is(exportErr, errImportFailed) {
		return Imported{}, exportErr // it is why the import failed
	}
	return report, err
}

// errImportFailed ends an export whose import failed.
var errImportFailed = errors.New("the import failed")
