package cli

import (
	"cmp"
	"context"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/ports"
)

func invitationsCommand() command {
	return command{
		name:    "invitations",
		summary: "list, create, resend and revoke the invitations to a tenant",
		below:   []command{listInvitationsCommand(), createInvitationCommand(), resendInvitationCommand(), revokeInvitationCommand()},
	}
}

// invitationObject is an invitation, with the names of the API.
type invitationObject struct {
	TenantID     string      `json:"tenantId"`
	InvitationID string      `json:"invitationId"`
	Email        string      `json:"email,omitempty"`
	Role         string      `json:"role"`
	CreatedBy    actorObject `json:"createdBy"`
	CreatedAt    time.Time   `json:"createdAt"`
	ExpiresAt    time.Time   `json:"expiresAt"`
	State        string      `json:"state"`
	Token        string      `json:"invitationToken,omitempty"`
	Link         string      `json:"link,omitempty"`
}

func invitationObjectOf(i invitations.Issued) invitationObject {
	return invitationObject{
		i.Tenant.String(), i.ID.String(), i.Email.String(), string(i.Role), actorObjectOf(i.CreatedBy), i.CreatedAt, i.ExpiresAt, string(i.State), i.Token.Reveal(), i.Link.Reveal(),
	}
}

func listInvitationsCommand() command {
	return command{
		name:    "list",
		args:    "ID",
		summary: "list the invitations to a tenant, the newest first",
		flags: []option{
			stringFlag("state", "only invitations in this state: open, accepted, revoked or expired; otherwise open ones"),
			jsonFlag(),
		},
		run: listInvitations,
	}
}

func listInvitations(ctx context.Context, c console, cmd invocation) error {
	state := domain.InvitationState(cmd.String("state"))
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		table := c.table(cmd, "INVITATION", "ROLE", "STATE", "CREATED", "EXPIRES", "EMAIL")
		for after := (domain.InvitationID{}); ; {
			page, err := r.Invitations.List(ctx, by, state, after, domain.MaxPage)
			if err != nil {
				return err
			}
			for _, i := range page.Invitations {
				table.row(invitationObjectOf(invitations.Issued{Invitation: i}), i.ID.String(), string(i.Role), string(i.State),
					i.CreatedAt.Format(time.RFC3339), i.ExpiresAt.Format(time.RFC3339), cmp.Or(i.Email.String(), "by link"))
			}
			if after = page.Next; after.IsZero() {
				return table.flush()
			}
		}
	})
}

func createInvitationCommand() command {
	return command{
		name:    "create",
		args:    "ID",
		summary: "invite a person to a tenant, such as its first admin",
		details: "With --email, a running server mails the invitation, and only a user with that verified address accepts it.\n" +
			"Otherwise the command prints a link, which is good once.",
		flags: []option{
			roleFlag(),
			stringFlag("email", "the `ADDRESS` to invite"),
			durationFlag("for", domain.DefaultInvitationLife, "how long the invitation can be accepted, from 1h to 720h"),
			jsonFlag(),
		},
		run: createInvitation,
	}
}

func createInvitation(ctx context.Context, c console, cmd invocation) error {
	invite := invitations.Invite{Role: domain.Role(cmd.String("role")), Life: cmd.Duration("for")}
	if address := cmd.String("email"); address != "" {
		email, err := domain.ParseEmail(address)
		if err != nil {
			return err
		}
		invite.Email = email
	}
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		issued, err := r.Invitations.Create(ctx, by, ports.Caller{}, invite)
		if err != nil {
			return err
		}
		return c.issued(cmd, issued)
	})
}

// issued prints an invitation that was created or resent.
func (c console) issued(cmd invocation, i invitations.Issued) error {
	how := i.Link.Reveal()
	if i.ByMail() {
		how = "a server mails it to " + i.Email.String()
	}
	return c.result(cmd, invitationObjectOf(i), "invited to be %s of %s until %s: %s", i.Role, i.Tenant, i.ExpiresAt.Format(time.RFC3339), how)
}

func resendInvitationCommand() command {
	return command{
		name:    "resend",
		args:    "ID INVITATION",
		summary: "give an invitation that is open or has expired a new token and its whole life again",
		details: "INVITATION is the first column of: invitations list ID\n" +
			"The old token is no longer good. An invitation of an imported tenant is accepted only after it is resent.",
		flags: []option{jsonFlag()},
		run:   resendInvitation,
	}
}

func resendInvitation(ctx context.Context, c console, cmd invocation) error {
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		invitation, err := domain.ParseInvitationID(cmd.arg(1))
		if err != nil {
			return err
		}
		issued, err := r.Invitations.Resend(ctx, by, ports.Caller{}, invitation)
		if err != nil {
			return err
		}
		return c.issued(cmd, issued)
	})
}

func revokeInvitationCommand() command {
	return command{
		name:    "revoke",
		args:    "ID INVITATION",
		summary: "end an invitation that is open or has expired",
		details: "INVITATION is the first column of: invitations list ID",
		flags:   []option{yesFlag(), jsonFlag()},
		run:     revokeInvitation,
	}
}

func revokeInvitation(ctx context.Context, c console, cmd invocation) error {
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		invitation, err := domain.ParseInvitationID(cmd.arg(1))
		if err != nil {
			return err
		}
		id := by.Tenant().String()
		if err := c.confirm(cmd, "This revokes the invitation "+invitation.String()+" to "+id+".", id); err != nil {
			return err
		}
		if err := r.Invitations.Revoke(ctx, by, invitation); err != nil {
			return err
		}
		object := struct {
			TenantID     string `json:"tenantId"`
			InvitationID string `json:"invitationId"`
		}{id, invitation.String()}
		return c.result(cmd, object, "the invitation %s to %s is revoked", invitation, id)
	})
}
