package porttest

import (
	"context"
	"fmt"
	"slices"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// modelMember is a membership in the model. The zero modelMember is none.
type modelMember struct {
	role   domain.Role
	state  domain.MemberState
	ends   end
	reason string
}

func (m modelMember) admits() bool {
	return m.role != "" && m.state == domain.MemberActive && m.ends != passed
}

func (m modelMember) keeps() bool {
	return m.role == domain.RoleOwner && m.state == domain.MemberActive && m.ends == never
}

// rank orders roles; a manager has at least that of an admin.
func rank(role domain.Role) int {
	return slices.Index([]domain.Role{domain.RoleViewer, domain.RoleMember, domain.RoleAdmin, domain.RoleOwner}, role)
}

func (m modelMember) manages() bool { return rank(m.role) >= rank(domain.RoleAdmin) }

func (m modelMember) String() string {
	return fmt.Sprintf("%s %s %d %q", m.role, m.state, m.ends, m.reason)
}

// inModel returns the membership as the model has it.
func (w *world) inModel(m domain.Membership) modelMember {
	return modelMember{m.Role, m.State, w.endOf(m.ExpiresAt), m.Reason}
}

func (t *modelTenant) owners() (n int) {
	for _, m := range t.members {
		if m.keeps() {
			n++
		}
	}
	return n
}

// set stores a membership, and counts the event of a change.
func (t *modelTenant) set(who domain.Identity, m modelMember) {
	if t.members[who] != m {
		t.events++
	}
	if t.members[who] = m; m.role == "" {
		delete(t.members, who)
	}
}

func (w *world) grant(t *modelTenant) call {
	who, to := pick(w.rand, w.people).Identity, modelMember{w.role(), domain.MemberActive, w.end(), pick(w.rand, []string{"", "support"})}
	return call{
		text: fmt.Sprintf("grant %v in %s to %s", to, t.id, w.named(domain.UserActor(who))),
		do: func(ctx context.Context) (string, error) {
			m, err := w.Changer.Grant(ctx, ports.MemberGrant{Tenant: t.id, Member: who, Role: to.role, ExpiresAt: w.at(to.ends), Reason: to.reason})
			return w.inModel(m.Membership).String(), err
		},
		want: func() (string, domain.Code) {
			from := t.members[who]
			switch {
			case !t.opens(domain.OperatorActor()):
				return "", domain.CodeTenantNotFound
			case from.keeps() && !to.keeps() && t.owners() == 1:
				return "", domain.CodeLastOwner
			}
			t.set(who, to)
			return to.String(), ""
		},
	}
}

func (w *world) role() domain.Role {
	return pick(w.rand, []domain.Role{domain.RoleOwner, domain.RoleAdmin, domain.RoleMember, domain.RoleViewer})
}

func (w *world) change(t *modelTenant) call {
	by, who := w.actor(t), pick(w.rand, w.people).Identity
	var change domain.MembershipChange
	set := func(*modelMember) {}
	switch w.rand.IntN(3) {
	case 0:
		role := w.role()
		change.Role, set = &role, func(m *modelMember) { m.role = role }
	case 1:
		state := pick(w.rand, []domain.MemberState{domain.MemberActive, domain.MemberSuspended})
		change.State, set = &state, func(m *modelMember) { m.state = state }
	case 2:
		ends := w.end()
		at := w.at(ends)
		change.ExpiresAt, set = &at, func(m *modelMember) { m.ends = ends }
	}
	return call{
		text: fmt.Sprintf("change %+v of %s in %s by %s", change, w.named(domain.UserActor(who)), t.id, w.named(by)),
		do: func(ctx context.Context) (string, error) {
			m, err := w.Changer.Change(ctx, ports.MemberChange{Tenant: t.id, Member: who, By: by, MembershipChange: change})
			return w.inModel(m).String(), err
		},
		want: func() (string, domain.Code) {
			to := t.members[who]
			if to.role != "" {
				set(&to)
			}
			if code := t.check(by, who, to); code != "" {
				return "", code
			}
			t.set(who, to)
			return to.String(), ""
		},
	}
}

func (w *world) remove(t *modelTenant) call {
	by, who := w.actor(t), pick(w.rand, w.people).Identity
	if w.rand.IntN(3) == 0 {
		by = domain.UserActor(who)
	}
	return call{
		text: fmt.Sprintf("remove %s from %s by %s", w.named(domain.UserActor(who)), t.id, w.named(by)),
		do: func(ctx context.Context) (string, error) {
			return "", w.Changer.Remove(ctx, ports.MemberRemoval{Tenant: t.id, Member: who, By: by})
		},
		want: func() (string, domain.Code) {
			code := t.check(by, who, modelMember{})
			if code == "" {
				t.set(who, modelMember{})
			}
			return "", code
		},
	}
}

// check refuses the actor's change of a membership. The zero to ends it.
func (t *modelTenant) check(by domain.Actor, who domain.Identity, to modelMember) domain.Code {
	if !t.opens(by) {
		return domain.CodeTenantNotFound
	}
	from, actor := t.members[who], t.members[by.Identity]
	leaves := by.Identity == who && to.role == ""
	if !by.IsOperator() {
		switch {
		case !actor.admits():
			return domain.CodeTenantNotFound
		case !leaves && !actor.manages():
			return forbidden
		}
	}
	if from.role == "" {
		return domain.CodeMemberNotFound
	}
	if !by.IsOperator() && !leaves {
		switch {
		case rank(from.role) > rank(actor.role), rank(to.role) > rank(actor.role):
			return domain.CodeRoleTooLow
		case to.role != "" && to.ends > from.ends && to.ends > actor.ends:
			return domain.CodeExpiryTooLate
		}
	}
	if from.keeps() && !to.keeps() && t.owners() == 1 {
		return domain.CodeLastOwner
	}
	return ""
}

// The codes of errors that have only a kind.
var (
	forbidden = domain.CodeOf(domain.Errorf(domain.Forbidden, "forbidden"))
	limited   = domain.CodeOf(domain.Errorf(domain.Limited, "limited"))
)

func (w *world) handOver(t *modelTenant) call {
	by, heir, role := w.member(t), w.member(t), w.role()
	for heir == by {
		heir = pick(w.rand, w.people).Identity
	}
	return call{
		text: fmt.Sprintf("hand %s over from %s to %s and become %s", t.id, w.named(domain.UserActor(by)), w.named(domain.UserActor(heir)), role),
		do: func(ctx context.Context) (string, error) {
			first, own, err := w.Changer.HandOver(ctx, ports.Handover{Tenant: t.id, By: by, Heir: heir, OwnRole: role})
			return fmt.Sprint(w.inModel(first), w.inModel(own)), err
		},
		want: func() (string, domain.Code) {
			first, own := t.members[heir], t.members[by]
			switch {
			case t.status != domain.Active, !own.admits():
				return "", domain.CodeTenantNotFound
			case own.role != domain.RoleOwner:
				return "", forbidden
			case first.role == "":
				return "", domain.CodeMemberNotFound
			case !first.admits():
				return "", domain.CodeMemberInactive
			}
			before := *t
			before.members = map[domain.Identity]modelMember{heir: first, by: own}
			first.role, own.role = domain.RoleOwner, role
			owners := t.owners()
			for who, m := range map[domain.Identity]modelMember{heir: first, by: own} {
				if m.keeps() {
					owners++
				}
				if before.members[who].keeps() {
					owners--
				}
			}
			if before.members[by].keeps() && owners == 0 {
				return "", domain.CodeLastOwner
			}
			if first != before.members[heir] || own != before.members[by] {
				t.events++
			}
			t.members[heir], t.members[by] = first, own
			return fmt.Sprint(first, own), ""
		},
	}
}
