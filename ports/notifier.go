package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// Notifier sends the mails of Partywall itself. It decides what they say.
type Notifier interface {
	// Notify writes the mail about n and hands it over for delivery. Its errors are those
	// of [Mailer], and of what writes the mail.
	Notify(ctx context.Context, n Notification) error
}

// Notification is the occasion of a mail to one person, with what the mail has to say.
// It is one of [AddressConfirmation], [PasswordReset], [SignInCode], [TenantWelcome] and
// [TenantInvitation]; later releases add others.
type Notification interface {
	// Recipient returns the address that the mail goes to.
	Recipient() domain.Email

	// Secret returns what only the recipient may have: a code, a link, or nothing.
	Secret() domain.Secret
}

// AddressConfirmation has the code by which a new user proves that the address is
// theirs.
type AddressConfirmation struct {
	To        domain.Email
	Code      domain.Secret
	ExpiresIn time.Duration
}

// PasswordReset has the code that lets a user set a new password.
type PasswordReset struct {
	To        domain.Email
	Code      domain.Secret
	ExpiresIn time.Duration
}

// SignInCode has the code that completes a sign-in, after the password.
type SignInCode struct {
	To        domain.Email
	Code      domain.Secret
	ExpiresIn time.Duration
}

// TenantWelcome reports to the owner of a new tenant that it is ready.
type TenantWelcome struct {
	To     domain.Email
	Tenant domain.TenantID
}

// TenantInvitation invites a person to a tenant. It has neither the name of the tenant
// nor a text of the inviter's, because a stranger's words in Partywall's mail would make
// it a relay for spam.
type TenantInvitation struct {
	To        domain.Email
	Tenant    domain.TenantID
	Role      domain.Role
	InvitedBy domain.Email // the inviter's address; zero: unknown
	ExpiresAt time.Time    // UTC
	Link      domain.Secret
}

// Recipient implements [Notification].
func (n AddressConfirmation) Recipient() domain.Email { return n.To }

// Secret returns the code.
func (n AddressConfirmation) Secret() domain.Secret { return n.Code }

// Recipient implements [Notification].
func (n PasswordReset) Recipient() domain.Email { return n.To }

// Secret returns the code.
func (n PasswordReset) Secret() domain.Secret { return n.Code }

// Recipient implements [Notification].
func (n SignInCode) Recipient() domain.Email { return n.To }

// Secret returns the code.
func (n SignInCode) Secret() domain.Secret { return n.Code }

// Recipient implements [Notification].
func (n TenantWelcome) Recipient() domain.Email { return n.To }

// Secret returns the zero Secret.
func (n TenantWelcome) Secret() domain.Secret { return domain.Secret{} }

// Recipient implements [Notification].
func (n TenantInvitation) Recipient() domain.Email { return n.To }

// Secret returns the link.
func (n TenantInvitation) Secret() domain.Secret { return n.Link }
