// Package members has the use cases of a tenant's members: to list them, to change
// their role, state and expiry, to remove them, to leave, to hand a tenant over, and
// to grant access for support.
package members

import (
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Service lists and changes memberships.
//
// Besides the errors that its methods name, a zero identity returns [domain.Invalid]
// on field "sub", a zero proof [domain.Forbidden], and an unavailable store
// [domain.CodeDatabaseUnavailable].
type Service struct {
	Lister  ports.MemberLister
	Changer ports.MemberChanger
	Now     func() time.Time // nil: [time.Now]
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// checkExpiry refuses an end of a membership that has passed, or that no event can have;
// the zero time is none.
func (s *Service) checkExpiry(at time.Time) error {
	switch {
	case at.IsZero():
		return nil
	case !at.After(s.now()):
		return domain.Invalidf("expiresAt", "a membership ends in the future, or not at all")
	case at.UTC().Year() > domain.LastYear:
		return domain.Invalidf("expiresAt", "a membership ends in the year %d at the latest, or not at all", domain.LastYear)
	}
	return nil
}
