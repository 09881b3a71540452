package cli

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
)

func membersCommand() command {
	return command{
		name:    "members",
		summary: "list, grant, change and remove the members of a tenant",
		below:   []command{listMembersCommand(), grantCommand(), roleCommand(), suspendMemberCommand(), resumeMemberCommand(), removeMemberCommand()},
	}
}

// withMembers runs work on the configured database with the operator's proof for the
// tenant that the first argument of cmd names.
func withMembers(ctx context.Context, c console, cmd invocation, work func(r *app.Registry, by access.Manager) error) error {
	id, err := domain.ParseTenantID(cmd.arg(0))
	if err != nil {
		return err
	}
	by, err := access.Installation().Manager(id)
	if err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error { return work(r, by) })
}

// memberObject is a membership, with the names of the API.
type memberObject struct {
	TenantID  string      `json:"tenantId"`
	Sub       string      `json:"sub"`
	Email     string      `json:"email,omitempty"`
	Role      string      `json:"role"`
	State     string      `json:"state"`
	Since     time.Time   `json:"since"`
	ExpiresAt time.Time   `json:"expiresAt,omitzero"`
	GrantedBy actorObject `json:"grantedBy,omitzero"`
	Reason    string      `json:"reason,omitempty"`
}

// actorObject is the author of a change, with the names of the API.
type actorObject struct {
	Kind string `json:"kind"`
	Sub  string `json:"sub,omitempty"`
}

func actorObjectOf(a domain.Actor) actorObject {
	return actorObject{string(a.Kind), a.Identity.Subject()}
}

func memberObjectOf(m domain.Membership) memberObject {
	return memberObject{
		TenantID: m.Tenant.String(), Sub: m.Identity.Subject(), Email: m.Email.String(),
		Role: string(m.Role), State: string(m.State), Since: m.CreatedAt, ExpiresAt: m.ExpiresAt,
		GrantedBy: actorObjectOf(m.GrantedBy), Reason: m.Reason,
	}
}

// until describes the end of a membership.
func until(m domain.Membership) string {
	if m.ExpiresAt.IsZero() {
		return "never"
	}
	return m.ExpiresAt.Format(time.RFC3339)
}

func listMembersCommand() command {
	return command{
		name:    "list",
		args:    "ID",
		summary: "list the members of a tenant",
		flags: []option{
			stringFlag("role", "only members in this role: "+either(domain.Roles())),
			stringFlag("state", "only members in this state: active or suspended"),
			stringFlag("q", "only members whose address or \"sub\" contains this text"),
			jsonFlag(),
		},
		run: listMembers,
	}
}

func listMembers(ctx context.Context, c console, cmd invocation) error {
	filter := members.Filter{Role: domain.Role(cmd.String("role")), State: domain.MemberState(cmd.String("state")), Text: cmd.String("q")}
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		table := c.table(cmd, "SUB", "ROLE", "STATE", "SINCE", "EXPIRES", "EMAIL", "REASON")
		for after := (domain.Identity{}); ; {
			page, err := r.Members.List(ctx, by, filter, after, domain.MaxPage)
			if err != nil {
				return err
			}
			for _, m := range page.Members {
				table.row(memberObjectOf(m), m.Identity.Subject(), string(m.Role), string(m.State), m.CreatedAt.Format(time.RFC3339), until(m), m.Email.String(), m.Reason)
			}
			if after = page.Next; after.IsZero() {
				return table.flush()
			}
		}
	})
}

func grantCommand() command {
	return command{
		name:    "grant",
		args:    "ID SUB",
		summary: "make a user a member of a tenant, such as for support",
		details: "SUB is the \"sub\" of the user, as GET /auth/me shows it to them. A user who is a member already gets the\n" +
			"role, the end and the reason, and is active. The owners see the membership and its reason.",
		flags: []option{
			roleFlag(),
			requiredReasonFlag(),
			durationFlag("for", 0, "how long the membership lasts, such as 1h; otherwise it does not end"),
			jsonFlag(),
		},
		run: grantMembership,
	}
}

func grantMembership(ctx context.Context, c console, cmd invocation) error {
	grant := members.Grant{Role: domain.Role(cmd.String("role")), Reason: cmd.String("reason")}
	if cmd.Flags().Changed("for") {
		grant.ExpiresAt = time.Now().Add(cmd.Duration("for"))
	}
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		identity, err := userOf(ctx, c, r, cmd.arg(1))
		if err != nil {
			return err
		}
		grant.Identity = identity
		granted, err := r.Members.Grant(ctx, access.Installation(), by.Tenant(), grant)
		if err != nil {
			return err
		}
		m := granted.Membership
		return c.result(cmd, memberObjectOf(m), "%s is %s of %s; the membership ends: %s", m.Identity.Subject(), m.Role, m.Tenant, until(m))
	})
}

func roleCommand() command {
	return command{
		name:    "role",
		args:    "ID SUB ROLE",
		summary: "change the role of a member",
		flags:   []option{jsonFlag()},
		run: func(ctx context.Context, c console, cmd invocation) error {
			role := domain.Role(cmd.arg(2))
			return changeMember(ctx, c, cmd, domain.MembershipChange{Role: &role})
		},
	}
}

func suspendMemberCommand() command {
	return command{
		name:    "suspend",
		args:    "ID SUB",
		summary: "refuse a member from the next request on, until resumed",
		flags:   []option{requiredReasonFlag(), jsonFlag()},
		run: func(ctx context.Context, c console, cmd invocation) error {
			suspended, reason := domain.MemberSuspended, cmd.String("reason")
			return changeMember(ctx, c, cmd, domain.MembershipChange{State: &suspended, Reason: &reason})
		},
	}
}

func resumeMemberCommand() command {
	return command{
		name:    "resume",
		args:    "ID SUB",
		summary: "admit a suspended member again",
		flags:   []option{jsonFlag()},
		run: func(ctx context.Context, c console, cmd invocation) error {
			active, none := domain.MemberActive, ""
			return changeMember(ctx, c, cmd, domain.MembershipChange{State: &active, Reason: &none})
		},
	}
}

func changeMember(ctx context.Context, c console, cmd invocation, change domain.MembershipChange) error {
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		identity, err := identityOf(r, cmd.arg(1))
		if err != nil {
			return err
		}
		m, err := r.Members.Change(ctx, by, identity, change)
		if err != nil {
			return err
		}
		return c.result(cmd, memberObjectOf(m), "%s is %s of %s, and %s", m.Identity.Subject(), m.Role, m.Tenant, m.State)
	})
}

func removeMemberCommand() command {
	return command{
		name:    "remove",
		args:    "ID SUB",
		summary: "end a membership",
		flags:   []option{reasonFlag(), yesFlag(), jsonFlag()},
		run:     removeMember,
	}
}

func removeMember(ctx context.Context, c console, cmd invocation) error {
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		identity, err := identityOf(r, cmd.arg(1))
		if err != nil {
			return err
		}
		sub, id := identity.Subject(), by.Tenant().String()
		if err := c.confirm(cmd, "This ends the membership of "+sub+" in "+id+".", id); err != nil {
			return err
		}
		if err := r.Members.Remove(ctx, by, identity, cmd.String("reason")); err != nil {
			return err
		}
		object := struct {
			TenantID string `json:"tenantId"`
			Sub      string `json:"sub"`
		}{id, sub}
		return c.result(cmd, object, "%s is no member of %s any more", sub, id)
	})
}
