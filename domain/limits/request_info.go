package limits

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// WithAddress returns a context whose events have the caller's address, also where the
// request is not one to our own routes.
func WithAddress(ctx context.Context, from Address) context.Context {
	info := domain.RequestInfoOf(ctx)
	if info.Address.IsValid() {
		return ctx
	}
	info.Address = from.IP()
	return domain.WithRequestInfo(ctx, info)
}
