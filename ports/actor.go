package ports

import "github.com/partywall-go/partywall/domain"

// checkActor returns a [domain.Invalid] error on field "by" unless the operator or a
// user makes the change.
func checkActor(by domain.Actor) error {
	if by.IsOperator() || by.Kind == domain.ActorUser && !by.Identity.IsZero() {
		return nil
	}
	return domain.Invalidf("by", "a change is made by the operator or by a user")
}
