package porttest

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// modelInvitation is an invitation in the model.
type modelInvitation struct {
	email      domain.Email
	role       domain.Role
	state      domain.InvitationState
	generation int
	token      domain.TokenHash
	hasToken   bool
	acceptedBy domain.Identity
}

func (i *modelInvitation) String() string {
	return fmt.Sprintf("%s %s %d", i.role, i.state, i.generation)
}

func describeInvitation(i domain.Invitation) string {
	return fmt.Sprintf("%s %s %d", i.Role, i.State, i.Generation)
}

// mayInvite refuses an actor who may not invite to the role. A revocation by a member
// whose membership expires is allowed.
func (t *modelTenant) mayInvite(by domain.Actor, role domain.Role, expiring bool) domain.Code {
	member := t.members[by.Identity]
	switch {
	case !t.opens(by):
		return domain.CodeTenantNotFound
	case by.IsOperator():
		return ""
	case !member.admits():
		return domain.CodeTenantNotFound
	case !member.manages():
		return forbidden
	case rank(role) > rank(member.role):
		return domain.CodeRoleTooLow
	case member.ends != never && !expiring:
		return domain.CodeExpiryTooLate
	}
	return ""
}

// send counts one more open invitation, and one more mail to the address, in place of
// before.
func (w *world) send(t *modelTenant, email domain.Email, before *modelInvitation) domain.Code {
	open := 0
	for _, i := range t.invitations {
		if i != before && i.state == domain.InvitationOpen {
			open++
		}
	}
	switch {
	case open >= ports.MaxOpenInvitations:
		return domain.CodeInvitationQuota
	case !email.IsZero() && w.mails[email] >= ports.MaxAddressMails:
		return limited
	case !email.IsZero():
		w.mails[email]++
	}
	t.events++
	return ""
}

func (w *world) invite(t *modelTenant) call {
	r := ports.InvitationRequest{ID: domain.NewInvitationID(time.Now()), Tenant: t.id, Role: w.role(), Life: 24 * time.Hour, By: w.actor(t), Token: w.token()}
	if w.rand.IntN(3) == 0 {
		r.Email = pick(w.rand, w.people).email
	}
	w.shared.mu.Lock()
	w.shared.invitations = append(w.shared.invitations, sentInvitation{r.ID, t.id})
	w.shared.mu.Unlock()
	return call{
		text: fmt.Sprintf("invite %q to %s as %s by %s", r.Email, t.id, r.Role, w.named(r.By)),
		do: func(ctx context.Context) (string, error) {
			created, err := w.Invitations.Create(ctx, r)
			return describeInvitation(created.Invitation), err
		},
		want: func() (string, domain.Code) {
			if code := t.mayInvite(r.By, r.Role, false); code != "" {
				return "", code
			}
			before := t.invitationTo(r.Email)
			if before != nil {
				if code := t.mayInvite(r.By, before.role, false); code != "" {
					return "", code
				}
			}
			if code := w.send(t, r.Email, before); code != "" {
				return "", code
			}
			if before != nil {
				before.state = domain.InvitationRevoked
			}
			created := &modelInvitation{email: r.Email, role: r.Role, state: domain.InvitationOpen, generation: 1, token: r.Token, hasToken: r.Email.IsZero()}
			t.invitations[r.ID] = created
			return created.String(), ""
		},
	}
}

// invitationTo returns the open invitation to the address, or nil.
func (t *modelTenant) invitationTo(email domain.Email) *modelInvitation {
	for _, i := range t.invitations {
		if !email.IsZero() && i.email == email && i.state == domain.InvitationOpen {
			return i
		}
	}
	return nil
}

// sent returns one of the last invitations that was tried to be sent, most often from the
// tenant.
func (w *world) sent(t *modelTenant) domain.InvitationID {
	w.shared.mu.Lock()
	defer w.shared.mu.Unlock()
	sent := w.shared.invitations[max(0, len(w.shared.invitations)-20):]
	for range 5 {
		if len(sent) == 0 {
			break
		}
		if i := pick(w.rand, sent); i.tenant == t.id {
			return i.id
		}
	}
	return domain.NewInvitationID(time.Now())
}

func (w *world) resend(t *modelTenant) call {
	c := ports.InvitationChange{ID: w.sent(t), Tenant: t.id, By: w.actor(t), Token: w.token()}
	return call{
		text: fmt.Sprintf("resend %s of %s by %s", c.ID, t.id, w.named(c.By)),
		do: func(ctx context.Context) (string, error) {
			resent, err := w.Invitations.Resend(ctx, c)
			return describeInvitation(resent), err
		},
		want: func() (string, domain.Code) {
			i, code := t.changeable(c, false)
			if code == "" {
				code = w.send(t, i.email, i)
			}
			if code != "" {
				return "", code
			}
			i.generation, i.token, i.hasToken = i.generation+1, c.Token, i.email.IsZero()
			return i.String(), ""
		},
	}
}

func (w *world) revoke(t *modelTenant) call {
	c := ports.InvitationChange{ID: w.sent(t), Tenant: t.id, By: w.actor(t)}
	return call{
		text: fmt.Sprintf("revoke %s of %s by %s", c.ID, t.id, w.named(c.By)),
		do:   func(ctx context.Context) (string, error) { return "", w.Invitations.Revoke(ctx, c) },
		want: func() (string, domain.Code) {
			i, code := t.changeable(c, true)
			if code != "" {
				return "", code
			}
			i.state, t.events = domain.InvitationRevoked, t.events+1
			return "", ""
		},
	}
}

// changeable returns the open invitation that the actor changes.
func (t *modelTenant) changeable(c ports.InvitationChange, expiring bool) (*modelInvitation, domain.Code) {
	if code := t.mayInvite(c.By, "", expiring); code != "" {
		return nil, code
	}
	i := t.invitations[c.ID]
	if i == nil || i.state != domain.InvitationOpen {
		return nil, domain.CodeInvitationNotFound
	}
	return i, t.mayInvite(c.By, i.role, expiring)
}

func (w *world) issue(t *modelTenant) call {
	issue := ports.TokenIssue{ID: w.sent(t), Tenant: t.id, Generation: 1 + w.rand.IntN(2), Token: w.token()}
	return call{
		text: fmt.Sprintf("issue a token of %s of %s", issue.ID, t.id),
		do: func(ctx context.Context) (string, error) {
			offer, err := w.Invitations.Issue(ctx, issue)
			return describeInvitation(offer.Invitation), err
		},
		want: func() (string, domain.Code) {
			i := t.invitations[issue.ID]
			if i == nil || i.email.IsZero() || i.state != domain.InvitationOpen || i.generation != issue.Generation || !t.opens(domain.OperatorActor()) {
				return "", domain.CodeInvitationNotFound
			}
			i.token, i.hasToken = issue.Token, true
			return i.String(), ""
		},
	}
}

func (w *world) accept() call {
	who := pick(w.rand, w.people)
	w.shared.mu.Lock()
	tokens := w.shared.tokens
	token := tokens[len(tokens)-1-w.rand.IntN(min(10, len(tokens)))]
	w.shared.mu.Unlock()
	return call{
		text: fmt.Sprintf("accept an invitation as %s", w.named(domain.UserActor(who.Identity))),
		do: func(ctx context.Context) (string, error) {
			accepted, err := w.Invitations.Accept(ctx, ports.InvitationAcceptance{Token: token, Identity: who.Identity, Email: who.email})
			return fmt.Sprint(accepted.Tenant.ID, w.inModel(accepted.Membership), accepted.Replayed), err
		},
		want: func() (string, domain.Code) {
			for _, t := range w.tenants {
				for _, i := range t.invitations {
					if i.hasToken && i.token == token && t.status == domain.Active {
						m, again, code := t.accept(i, who)
						return fmt.Sprint(t.id, m, again), code
					}
				}
			}
			return "", domain.CodeInvitationInvalid
		},
	}
}

// accept spends the token of the invitation.
func (t *modelTenant) accept(i *modelInvitation, who resident) (m modelMember, again bool, code domain.Code) {
	m = t.members[who.Identity]
	suspended := m.role != "" && m.state != domain.MemberActive
	if i.state != domain.InvitationOpen {
		switch {
		case i.acceptedBy != who.Identity || m.role == "" || m.ends == passed:
			return m, true, domain.CodeInvitationInvalid
		case suspended:
			return m, true, domain.CodeMemberInactive
		}
		return m, true, ""
	}
	switch {
	case !i.email.IsZero() && i.email != who.email:
		return m, false, domain.CodeEmailMismatch
	case suspended:
		return m, false, domain.CodeMemberInactive
	}
	if m.role == "" || m.ends == passed || rank(i.role) > rank(m.role) {
		m = modelMember{role: i.role, state: domain.MemberActive, ends: never}
	}
	i.state, i.acceptedBy, t.events = domain.InvitationAccepted, who.Identity, t.events+1
	t.members[who.Identity] = m
	return m, false, ""
}
