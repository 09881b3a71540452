package app_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// libraryCalls have values that a product can pass, and that no request of the API has.
var libraryCalls = map[string]func(ctx context.Context, x *apptest.Tenant) (any, error){
	"events since before all years":  eventsOf(events.Query{Since: time.Unix(-1<<58, 0)}),
	"events since the year 0":        eventsOf(events.Query{Since: time.Time{}.AddDate(-1, 0, 0)}),
	"events since after all years":   eventsOf(events.Query{Since: time.Unix(1<<55, 0)}),
	"events since the year 10000":    eventsOf(events.Query{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}),
	"events after the least number":  eventsOf(events.Query{After: math.MinInt64}),
	"events after the last number":   eventsOf(events.Query{After: math.MaxInt64}),
	"events of no kind":              eventsOf(events.Query{Kind: "\xff\x00"}),
	"fewer than no events":           eventsOf(events.Query{Limit: -1}),
	"a retry without a name":         retryOf(""),
	"a retry of bytes":               retryOf("\xff"),
	"a retry of a zero byte":         retryOf("mail\x00"),
	"a consumer of bytes":            forget("\xff"),
	"a consumer of a zero byte":      forget("\x00"),
	"members with bytes":             membersWith("\xff"),
	"members with a zero byte":       membersWith("\x00"),
	"tenants with bytes":             tenantsWith("\xff"),
	"a route of bytes":               createOn("\xff\x00"),
	"a name of bytes":                rename("\xff"),
	"a revision of bytes":            rename("Acme", tenants.IfRevision("\xff\x00")),
	"a reason of a zero byte":        grantFor("a\x00b", time.Time{}),
	"a membership of a moment":       grantFor("help", time.Now().Add(-time.Nanosecond)),
	"a membership until after all":   grantFor("help", time.Unix(1<<60, 0)),
	"an invitation of less than 0 s": inviteFor(math.MinInt64),
	"an invitation without an end":   inviteFor(math.MaxInt64),
	"an address with a zone": func(ctx context.Context, x *apptest.Tenant) (any, error) {
		ctx = domain.WithRequestInfo(ctx, domain.RequestInfo{ID: "a\xff\x00b", Address: netip.MustParseAddr("fe80::1%eth0")})
		if _, err := rename("Acme with a zone")(ctx, x); err != nil {
			return nil, err
		}
		page, err := x.Events.ListAll(ctx, installation, x.ID, events.Query{Kind: domain.EventTenantEdited})
		if err != nil || len(page.Events) == 0 {
			return len(page.Events), err
		}
		last := page.Events[len(page.Events)-1]
		return fmt.Sprintf("%s %q", last.Address, last.RequestID), nil
	},
}

func eventsOf(query events.Query) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		query.Kind = cmp.Or(query.Kind, domain.EventTenantCreated)
		page, err := x.Events.ListAll(ctx, installation, x.ID, query)
		return fmt.Sprint(len(page.Events), page.Next), err
	}
}

func retryOf(consumer string) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		return x.Events.Retry(ctx, installation, consumer)
	}
}

func forget(consumer string) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		return nil, x.Events.Forget(ctx, installation, consumer)
	}
}

func membersWith(text string) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		page, err := x.Members.List(ctx, domain.Must(installation.Manager(x.ID)), members.Filter{Text: text}, domain.Identity{}, 0)
		return len(page.Members), err
	}
}

func tenantsWith(text string) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		page, err := x.Tenants.Search(ctx, installation, ports.TenantQuery{Text: text}, domain.TenantID{}, 1)
		return len(page.Tenants), err
	}
}

// createOn creates a tenant twice by a key that was sent to the route.
func createOn(route string) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		by := tenants.Creator{Operator: installation, For: x.Owner.Member.Identity()}
		creation := tenants.Creation{ID: domain.Must(domain.ParseTenantID("r" + x.ID.String())), IdempotencyKey: "key", Route: route}
		if _, err := x.Tenants.Create(ctx, by, creation); err != nil {
			return nil, err
		}
		again, err := x.Tenants.Create(ctx, by, creation)
		return again.Replayed, err
	}
}

func rename(name string, conditions ...tenants.Condition) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		changed, err := x.Tenants.Edit(ctx, domain.Must(installation.Steward(x.ID)), tenants.Edit{Name: &name}, conditions...)
		return changed.Name, err
	}
}

func grantFor(reason string, until time.Time) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		granted, err := x.Members.Grant(ctx, installation, x.ID, members.Grant{
			Identity: domain.Must(domain.NewIdentity("test", "odd")), Role: domain.RoleViewer, ExpiresAt: until, Reason: reason,
		})
		return granted.Role, err
	}
}

func inviteFor(life time.Duration) func(context.Context, *apptest.Tenant) (any, error) {
	return func(ctx context.Context, x *apptest.Tenant) (any, error) {
		issued, err := x.Invitations.Create(ctx, domain.Must(installation.Manager(x.ID)), ports.Caller{}, invitations.Invite{Role: domain.RoleViewer, Life: life})
		return issued.State, err
	}
}

// TestMemoryAndPostgreSQLAnswerTheLibraryAlike calls both with odd values. No answer is an
// internal error.
func TestMemoryAndPostgreSQLAnswerTheLibraryAlike(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	onMemory, onServer := apptest.OpenMemory(t, nil), apptest.Open(t, nil)
	for name, call := range libraryCalls {
		t.Run(name, func(t *testing.T) {
			want, wantErr := call(t.Context(), onMemory)
			got, err := call(t.Context(), onServer)
			if got != want || domain.CodeOf(err) != domain.CodeOf(wantErr) || fieldOf(err) != fieldOf(wantErr) || (err == nil) != (wantErr == nil) {
				t.Errorf("PostgreSQL: %v, %v; memory: %v, %v", got, err, want, wantErr)
			}
			if wantErr != nil && domain.KindOf(wantErr) == domain.Internal {
				t.Errorf("memory: %v", wantErr)
			}
		})
	}
}

func fieldOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Field
	}
	return ""
}
