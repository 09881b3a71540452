package httpapi

import (
	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// inviter lets a member who manages the members of the tenant in the path call next,
// and passes on the caller, of whose address the use case asks the provider.
func (s *server) inviter(next func(echo.Context, access.Manager, ports.Caller) error) echo.HandlerFunc {
	return s.callingMember(func(c echo.Context, caller ports.Caller, member access.Member) error {
		manager, err := member.Manager()
		if err != nil {
			return err
		}
		return next(c, manager, caller)
	})
}

// operatorAsInviter lets the operator call next with the proof for the tenant in the
// path.
func (s *server) operatorAsInviter(next func(echo.Context, access.Manager, ports.Caller) error) echo.HandlerFunc {
	return s.operatorAsManager(func(c echo.Context, manager access.Manager) error { return next(c, manager, ports.Caller{}) })
}

// invitationID returns the invitation in the path.
func invitationID(c echo.Context) (domain.InvitationID, error) {
	return domain.ParseInvitationID(c.Param("invitationId"))
}
