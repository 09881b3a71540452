package app

import "github.com/partywall-go/partywall/domain"

// EachOption sets how [Partywall.EachTenant] proceeds: [Parallel], [ResumeFrom],
// [OnProgress] or [TxOptions].
type EachOption func(*eachOptions)

type eachOptions struct {
	parallel int
	from     RoundCursor
	progress func(RoundProgress)
	tx       []TxOption
}

// Parallel lets fn run in up to n tenants at once. The default is one. EachTenant uses at
// most half of the connections that serve tenants, so that members do not wait for it.
func Parallel(n int) EachOption { return func(o *eachOptions) { o.parallel = n } }

// ResumeFrom continues an earlier round from its last cursor: in the tenants that failed
// then, and in those that come after it.
func ResumeFrom(cursor RoundCursor) EachOption { return func(o *eachOptions) { o.from = cursor } }

// OnProgress calls progress after each tenant, in the goroutine of EachTenant and so never
// twice at once. No other tenant is started before progress returns.
func OnProgress(progress func(RoundProgress)) EachOption {
	return func(o *eachOptions) { o.progress = progress }
}

// TxOptions sets how each transaction behaves, see [ReadOnly] and [Isolation].
func TxOptions(options ...TxOption) EachOption {
	return func(o *eachOptions) { o.tx = append(o.tx, options...) }
}

// RoundProgress is how far a round of EachTenant is.
type RoundProgress struct {
	Tenant domain.TenantID // the tenant that ended last
	Err    error           // nil: its work is done, or it was skipped

	Done, Failed, Skipped int // how many tenants ended so in this call of EachTenant

	// Cursor is where another call can continue, see [ResumeFrom].
	Cursor RoundCursor
}
