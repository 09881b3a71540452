package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// A request on behalf of a tenant's member counts among those that the tenant has in
// flight from its proof until its handler returns, however it does: by an answer, a
// panic, or with the connection taken over. It counts once, however many middlewares of
// ours it passes.

// within counts the request for the tenant while serve runs. It counts nothing for the
// zero ID, nor if the request is counted for the tenant already.
func (s *server) within(counted, id domain.TenantID, serve func() error) error {
	if id.IsZero() || id == counted {
		return serve()
	}
	end, err := s.Access.InFlight.Begin(id)
	if err != nil {
		return err
	}
	defer end()
	return serve()
}

// counted counts the requests of a product's route for the tenant that the middleware
// around it let them into, and refuses those beyond the limit.
func (s *server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.within(countedBefore(r.Context()), countedIn(r.Context()), func() error {
			next.ServeHTTP(w, r)
			return nil
		}); err != nil {
			s.web.WriteProblem(w, r, err)
		}
	})
}

// echoCounted is counted as a middleware of Echo's.
func (s *server) echoCounted(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, served := c.Request(), error(nil)
		if err := s.within(countedBefore(r.Context()), countedIn(r.Context()), func() error {
			served = next(c)
			return nil
		}); err != nil {
			s.web.WriteProblem(c.Response(), r, err)
			return nil
		}
		return served
	}
}

// countedKey is in the context of a request that passes a second middleware of ours. Its
// value is the tenant that the first one counts it for.
type countedKey struct{}

// noteCounted returns the context of a request that passes a middleware of ours, before it
// has the proof of that one.
func noteCounted(ctx context.Context) context.Context {
	if id := countedIn(ctx); !id.IsZero() {
		return context.WithValue(ctx, countedKey{}, id)
	}
	return ctx
}

func countedBefore(ctx context.Context) domain.TenantID {
	id, _ := ctx.Value(countedKey{}).(domain.TenantID)
	return id
}

// countedIn returns the tenant for which a request counts that a middleware of ours let
// in: that of the member or the owner. It is zero for all other requests.
func countedIn(ctx context.Context) domain.TenantID {
	if member, found := MemberFrom(ctx); found {
		return member.Tenant()
	}
	steward, _ := StewardFrom(ctx)
	return tenantOfOwner(steward)
}

// tenantOfOwner returns the tenant of an owner, and zero for the operator, whose requests
// do not count.
func tenantOfOwner(steward access.Steward) domain.TenantID {
	if steward.Actor().Party() == domain.ByOperator {
		return domain.TenantID{}
	}
	return steward.Tenant()
}

// tenantOfUser is tenantOfOwner for a reader.
func tenantOfUser(reader access.Reader) domain.TenantID {
	if reader.Role() == "" {
		return domain.TenantID{}
	}
	return reader.Tenant()
}
