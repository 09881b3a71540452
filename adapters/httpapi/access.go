package httpapi

import (
	"context"
	"net/http"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// authenticate returns the caller whose access token the request carries.
func (s *server) authenticate(r *http.Request) (ports.Caller, error) {
	token, err := bearerToken(r.Header)
	if err != nil {
		return ports.Caller{}, err
	}
	if token.IsZero() {
		return ports.Caller{}, errSignIn
	}
	return s.Verifier.Verify(r.Context(), token)
}

// identify is authenticate for a route that requires a caller, who is named in the
// log line.
func (s *server) identify(r *http.Request, l *line) (ports.Caller, error) {
	caller, err := s.authenticate(r)
	if err == nil {
		l.subject = caller.Identity()
	}
	return caller, err
}

// admit identifies the caller and proves that they are a member of the tenant that the
// request names, or of the only one that they belong to.
func (s *server) admit(r *http.Request, l *line, elsewhere ...Resolve) (ports.Caller, access.Member, error) {
	caller, err := s.identify(r, l)
	if err != nil {
		return ports.Caller{}, access.Member{}, err
	}
	id, err := s.selection(r, elsewhere...)
	if err != nil {
		return ports.Caller{}, access.Member{}, err
	}
	l.tenant = id
	member, err := s.memberOf(r.Context(), caller.Identity(), id)
	if err != nil {
		return ports.Caller{}, access.Member{}, err
	}
	l.tenant = member.Tenant()
	return caller, member, nil
}

// memberOf returns the identity's proof for tenant id, or for its only tenant where id
// is zero.
func (s *server) memberOf(ctx context.Context, identity domain.Identity, id domain.TenantID) (access.Member, error) {
	if id.IsZero() {
		return s.Access.AdmitSole(ctx, identity)
	}
	return s.Access.Admit(ctx, identity, id)
}
