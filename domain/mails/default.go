package mails

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Default is the [Renderer] of the mails that Partywall sends if the product writes none
// of its own. A notification that it has no mail for is [domain.Invalid].
//
// A mail names a tenant by its ID alone, because a stranger may have typed the tenant's
// name, and would write part of the mail.
func Default(_ context.Context, n ports.Notification) (Content, error) {
	switch n := n.(type) {
	case ports.AddressConfirmation:
		return confirmAddress(n), nil
	case ports.PasswordReset:
		return resetPassword(n), nil
	case ports.SignInCode:
		return signInCode(n), nil
	case ports.TenantWelcome:
		return welcome(n), nil
	case ports.TenantInvitation:
		return invitation(n), nil
	}
	return Content{}, domain.Invalidf("notification", "there is no mail for a %T", n)
}

func confirmAddress(n ports.AddressConfirmation) Content {
	var d draft
	d.paragraph("This address was used to sign up, most likely by you. Within %s this code confirms that it is yours, together with the password of the newest sign-up:", minutes(n.ExpiresIn))
	d.code(n.Code)
	d.paragraph("If you did not just sign up, ignore this mail.")
	return d.content("Confirm your address")
}

func resetPassword(n ports.PasswordReset) Content {
	var d draft
	d.paragraph("A new password was requested for this address, most likely by you. This code allows you to set it within %s:", minutes(n.ExpiresIn))
	d.code(n.Code)
	d.paragraph("If you did not ask for it, ignore this mail and do not share the code.")
	return d.content("Reset your password")
}

func signInCode(n ports.SignInCode) Content {
	var d draft
	d.paragraph("This code completes a sign-in with this address within %s:", minutes(n.ExpiresIn))
	d.code(n.Code)
	d.paragraph("If you are not signing in, another person has your password: set a new one.")
	return d.content("Your code to sign in")
}

func welcome(n ports.TenantWelcome) Content {
	var d draft
	d.paragraph("You are now the owner of the tenant %s.", n.Tenant)
	d.paragraph("If you did not ask for it, you may ignore this mail.")
	return d.content("Your tenant is ready")
}

func invitation(n ports.TenantInvitation) Content {
	var d draft
	if n.InvitedBy.IsZero() {
		d.paragraph("You are invited to the tenant %s in the role %s.", n.Tenant, n.Role)
	} else {
		d.paragraph("%s invites you to the tenant %s in the role %s.", n.InvitedBy, n.Tenant, n.Role)
	}
	d.paragraph("This link accepts the invitation, once, until %s:", domain.LongTime(n.ExpiresAt))
	d.link(n.Link)
	d.paragraph("The link is for you alone. If you did not expect this mail, ignore it.")
	return d.content("Invitation to " + n.Tenant.String())
}

// minutes returns d in whole minutes.
func minutes(d time.Duration) string {
	if n := int(d.Minutes()); n != 1 {
		return fmt.Sprintf("%d minutes", n)
	}
	return "1 minute"
}
