package archive

import (
	"encoding/json"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// members yields the memberships of the archive whose members have an account here, and
// the owner that the operator names.
func (i *imports) members(yield func(domain.Membership, error) bool) {
	entry, err := i.reader.section(membersEntry, i.reader.manifest.Members)
	if err != nil {
		yield(domain.Membership{}, err)
		return
	}
	placed := map[domain.Identity]bool{}
	if !i.how.Owner.IsZero() {
		placed[i.how.Owner] = true
		if !yield(i.membershipOf(i.how.Owner), nil) {
			return
		}
	}
	stopped := false
	err = entry.lines(func(line []byte) error {
		m, err := i.place(line)
		if err != nil || m.Identity.IsZero() || placed[m.Identity] {
			return err
		}
		placed[m.Identity] = true
		if !yield(m, nil) {
			stopped = true
			return errStopped
		}
		return nil
	})
	i.report.Members = len(placed)
	if err != nil && !stopped {
		yield(domain.Membership{}, err)
	}
}

// errStopped ends the reading of the members after the database refused one.
var errStopped = damaged(nil, "its members are not read")

// membershipOf returns the membership of the owner that the operator names.
func (i *imports) membershipOf(owner domain.Identity) domain.Membership {
	return domain.Membership{
		Tenant: i.id, Identity: owner, Role: domain.RoleOwner, State: domain.MemberActive, CreatedAt: time.Now().UTC(),
		GrantedBy: domain.OperatorActor(), Reason: "named at the import",
	}
}

// place reads a line, and returns the membership with the identity that the member has
// here. It is zero for a member without an account.
func (i *imports) place(line []byte) (domain.Membership, error) {
	var object memberObject
	if err := json.Unmarshal(line, &object); err != nil {
		return domain.Membership{}, damaged(err, "a member cannot be read")
	}
	m, err := i.membership(object)
	if err != nil {
		return domain.Membership{}, damaged(err, "a member cannot be read")
	}
	identity, byAddress, err := i.find(m.Identity, m.Email)
	if err != nil {
		return domain.Membership{}, err
	}
	if identity.IsZero() {
		i.report.MissingAll++
		if len(i.report.Missing) < maxMissing {
			i.report.Missing = append(i.report.Missing, Missing{object.Provider, object.Subject, object.Email, m.Role})
		}
		return domain.Membership{}, nil
	}
	if byAddress {
		i.report.ByAddress++
	}
	m.Identity = identity
	return m, nil
}

func (i *imports) membership(o memberObject) (m domain.Membership, err error) {
	m = domain.Membership{Tenant: i.id, CreatedAt: o.CreatedAt.UTC(), ExpiresAt: o.ExpiresAt.UTC(), GrantedBy: domain.OperatorActor(), State: domain.MemberState(o.State)}
	if m.Identity, err = domain.NewIdentity(o.Provider, o.Subject); err != nil {
		return m, err
	}
	if m.Role, err = domain.ParseRole(o.Role); err != nil {
		return m, err
	}
	if o.Email != "" {
		if m.Email, err = domain.ParseEmail(o.Email); err != nil {
			return m, err
		}
	}
	if o.Reason != "" {
		if m.Reason, err = domain.ParseReason(o.Reason); err != nil {
			return m, err
		}
	}
	if m.State != domain.MemberActive && m.State != domain.MemberSuspended {
		return m, domain.Invalidf("state", "a membership has no state %q", o.State)
	}
	return m, nil
}

// find returns the identity that a member of the archive has here: the same, or the one
// with the same address, if this installation's users prove theirs.
func (i *imports) find(was domain.Identity, email domain.Email) (found domain.Identity, byAddress bool, err error) {
	s := i.service
	if was.Provider() == s.Provider {
		if s.Users == nil {
			return was, false, nil
		}
		_, err := s.Users.UserBySubject(i.ctx, was.Subject())
		if domain.KindOf(err) != domain.NotFound {
			return was, false, err
		}
	}
	if s.Users == nil || s.Unproven || email.IsZero() {
		return domain.Identity{}, false, nil
	}
	user, err := s.Users.UserByEmail(i.ctx, email)
	switch {
	case domain.KindOf(err) == domain.NotFound, err == nil && !user.Confirmed:
		return domain.Identity{}, false, nil
	case err != nil:
		return domain.Identity{}, false, err
	}
	found, err = domain.NewIdentity(s.Provider, user.Subject)
	return found, true, err
}
