package cli

import (
	"context"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
)

func membersCommand(c console) *urfave.Command {
	return group("members", "list, grant, change and remove the members of a tenant",
		listMembersCommand(c), grantCommand(c), roleCommand(c), suspendMemberCommand(c), resumeMemberCommand(c), removeMemberCommand(c))
}

// withMembers runs work on the configured database with the operator's proof for the
// tenant that the first argument of cmd names.
func withMembers(ctx context.Context, c console, cmd *urfave.Command, work func(r *app.Registry, by access.Manager) error) error {
	id, err := domain.ParseTenantID(cmd.Args().First())
	if err != nil {
		return err
	}
	by, err := access.Installation().Manager(id)
	if err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error { return work(r, by) })
}

// memberIn returns the identity that the second argument of cmd names, with or without
// its provider. It does not look the identity up, because a member may have no account
// any more.
func memberIn(r *app.Registry, cmd *urfave.Command) (domain.Identity, error) {
	return domain.NewIdentity(r.Provider, strings.TrimPrefix(cmd.Args().Get(1), r.Provider+"/"))
}

// memberObject is a membership, as GET /tenants/{id}/members returns it.
type memberObject struct {
	TenantID  string     `json:"tenantId"`
	Sub       string     `json:"sub"`
	Email     string     `json:"email,omitempty"`
	Role      string     `json:"role"`
	State     string     `json:"state"`
	Since     time.Time  `json:"since"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	Reason    string     `json:"reason,omitempty"`
}

func memberObjectOf(m domain.Membership) memberObject {
	object := memberObject{
		TenantID: m.Tenant.String(), Sub: m.Identity.Subject(), Email: m.Email.String(),
		Role: string(m.Role), State: string(m.State), Since: m.CreatedAt, Reason: m.Reason,
	}
	if !m.ExpiresAt.IsZero() {
		object.ExpiresAt = &m.ExpiresAt
	}
	return object
}

// until describes the end of a membership.
func until(m domain.Membership) string {
	if m.ExpiresAt.IsZero() {
		return "never"
	}
	return m.ExpiresAt.Format(time.RFC3339)
}

func listMembersCommand(c console) *urfave.Command {
	return &urfave.Command{
		Name:      "list",
		ArgsUsage: "ID",
		Usage:     "list the members of a tenant",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "role", Usage: "only members in this role: owner, admin, member or viewer"},
			&urfave.StringFlag{Name: "state", Usage: "only members in this state: active or suspended"},
			&urfave.StringFlag{Name: "q", Usage: "only members whose address or \"sub\" contains this text"},
			jsonFlag(),
		},
		Action: c.action(listMembers, "ID"),
	}
}

func listMembers(ctx context.Context, c console, cmd *urfave.Command) error {
	filter := members.Filter{Role: domain.Role(cmd.String("role")), State: domain.MemberState(cmd.String("state")), Text: cmd.String("q")}
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		table := c.table(cmd, "SUB", "ROLE", "STATE", "SINCE", "EXPIRES", "EMAIL", "REASON")
		for after := (domain.Identity{}); ; {
			page, err := r.Members.List(ctx, by, filter, after, members.MaxPage)
			if err != nil {
				return err
			}
			for _, m := range page.Members {
				if err := table.row(memberObjectOf(m), m.Identity.Subject(), string(m.Role), string(m.State), m.CreatedAt.Format(time.RFC3339), until(m), m.Email.String(), m.Reason); err != nil {
					return err
				}
			}
			if after = page.Next; after.IsZero() {
				return table.flush()
			}
		}
	})
}

func grantCommand(c console) *urfave.Command {
	return &urfave.Command{
		Name:      "grant",
		ArgsUsage: "ID SUB",
		Usage:     "make a user a member of a tenant, such as for support",
		Description: "SUB is the \"sub\" of the user, as GET /auth/me shows it to them. A user who is a member already gets the\n" +
			"role, the end and the reason, and is active. The owners see the membership and its reason.",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "role", Usage: "owner, admin, member or viewer"},
			&urfave.StringFlag{Name: "reason", Usage: "why the user gets the membership, in 1 to 200 characters"},
			&urfave.DurationFlag{Name: "for", Usage: "how long the membership lasts, such as 1h; otherwise it does not end"},
			jsonFlag(),
		},
		Action: c.action(grantMembership, "ID", "SUB"),
	}
}

func grantMembership(ctx context.Context, c console, cmd *urfave.Command) error {
	grant := members.Grant{Role: domain.Role(cmd.String("role")), Reason: cmd.String("reason")}
	if grant.Role == "" || grant.Reason == "" {
		return misuse(cmd, "--role and --reason are needed")
	}
	if cmd.IsSet("for") {
		grant.ExpiresAt = time.Now().Add(cmd.Duration("for"))
	}
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		identity, err := userOf(ctx, c, r, cmd.Args().Get(1))
		if err != nil {
			return err
		}
		grant.Identity = identity
		m, err := r.Members.Grant(ctx, access.Installation(), by.Tenant(), grant)
		if err != nil {
			return err
		}
		return c.result(cmd, memberObjectOf(m), "%s is %s of %s; the membership ends: %s", m.Identity.Subject(), m.Role, m.Tenant, until(m))
	})
}

func roleCommand(c console) *urfave.Command {
	return &urfave.Command{
		Name:      "role",
		ArgsUsage: "ID SUB ROLE",
		Usage:     "change the role of a member",
		Flags:     []urfave.Flag{jsonFlag()},
		Action: c.action(func(ctx context.Context, c console, cmd *urfave.Command) error {
			role := domain.Role(cmd.Args().Get(2))
			return changeMember(ctx, c, cmd, domain.MembershipChange{Role: &role})
		}, "ID", "SUB", "ROLE"),
	}
}

func suspendMemberCommand(c console) *urfave.Command {
	return &urfave.Command{
		Name:      "suspend",
		ArgsUsage: "ID SUB",
		Usage:     "refuse a member from the next request on, until resumed",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "reason", Usage: "why, in 1 to 200 characters"},
			jsonFlag(),
		},
		Action: c.action(func(ctx context.Context, c console, cmd *urfave.Command) error {
			suspended, reason := domain.MemberSuspended, cmd.String("reason")
			if reason == "" {
				return misuse(cmd, "--reason is needed")
			}
			return changeMember(ctx, c, cmd, domain.MembershipChange{State: &suspended, Reason: &reason})
		}, "ID", "SUB"),
	}
}

func resumeMemberCommand(c console) *urfave.Command {
	return &urfave.Command{
		Name:      "resume",
		ArgsUsage: "ID SUB",
		Usage:     "admit a suspended member again",
		Flags:     []urfave.Flag{jsonFlag()},
		Action: c.action(func(ctx context.Context, c console, cmd *urfave.Command) error {
			active, none := domain.MemberActive, ""
			return changeMember(ctx, c, cmd, domain.MembershipChange{State: &active, Reason: &none})
		}, "ID", "SUB"),
	}
}

func changeMember(ctx context.Context, c console, cmd *urfave.Command, change domain.MembershipChange) error {
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		identity, err := memberIn(r, cmd)
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

func removeMemberCommand(c console) *urfave.Command {
	return &urfave.Command{
		Name:      "remove",
		ArgsUsage: "ID SUB",
		Usage:     "end a membership",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "reason", Usage: "why, in 1 to 200 characters"},
			yesFlag(),
			jsonFlag(),
		},
		Action: c.action(removeMember, "ID", "SUB"),
	}
}

func removeMember(ctx context.Context, c console, cmd *urfave.Command) error {
	return withMembers(ctx, c, cmd, func(r *app.Registry, by access.Manager) error {
		identity, err := memberIn(r, cmd)
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
