package archive

import (
	"encoding/json"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// invitationObject is a line of invitations.jsonl. It has neither the ID nor the creator,
// which mean nothing in another tenant.
type invitationObject struct {
	Email      string          `json:"email,omitempty"` // empty: by link
	Role       string          `json:"role"`
	State      string          `json:"state"`
	CreatedAt  time.Time       `json:"createdAt"`
	Life       int64           `json:"lifeMicroseconds"`
	ExpiresAt  time.Time       `json:"expiresAt"`
	Generation int             `json:"generation"`
	AcceptedBy *identityObject `json:"acceptedBy,omitempty"`
}

type identityObject struct {
	Provider string `json:"provider"`
	Subject  string `json:"subject"`
}

func invitationObjectOf(i domain.Invitation) invitationObject {
	o := invitationObject{i.Email.String(), string(i.Role), string(i.State), i.CreatedAt, i.Life.Microseconds(), i.ExpiresAt, i.Generation, nil}
	if !i.AcceptedBy.IsZero() {
		o.AcceptedBy = &identityObject{i.AcceptedBy.Provider(), i.AcceptedBy.Subject()}
	}
	return o
}

// invitations yields the invitations of the archive, with IDs in the same order.
func (i *imports) invitations(yield func(domain.Invitation, error) bool) {
	if i.reader.manifest.Invitations == nil {
		return
	}
	entry, err := i.reader.section(invitationsEntry, *i.reader.manifest.Invitations)
	if err != nil {
		yield(domain.Invitation{}, err)
		return
	}
	stopped := false
	err = entry.lines(func(line []byte) error {
		invitation, err := i.invitation(line)
		if err != nil {
			return err
		}
		i.report.Invitations++
		if invitation.State.MayBeResent() {
			i.report.ToResend++
		}
		if !yield(invitation, nil) {
			stopped = true
			return errStopped
		}
		return nil
	})
	if err != nil && !stopped {
		yield(domain.Invitation{}, err)
	}
}

func (i *imports) invitation(line []byte) (domain.Invitation, error) {
	var object invitationObject
	err := json.Unmarshal(line, &object)
	if err != nil {
		return domain.Invitation{}, damaged(err, "an invitation cannot be read")
	}
	invitation, err := object.invitation()
	if err != nil {
		return domain.Invitation{}, damaged(err, "an invitation cannot be read")
	}
	invitation.Tenant = i.id
	if accepted := invitation.AcceptedBy; !accepted.IsZero() {
		here, _, err := i.find(accepted, invitation.Email)
		if err != nil {
			return domain.Invitation{}, err
		}
		if !here.IsZero() {
			invitation.AcceptedBy = here
		}
	}
	return invitation, nil
}

// invitation returns the invitation as one of the operator's, with an ID of its own.
func (o invitationObject) invitation() (i domain.Invitation, err error) {
	i = domain.Invitation{
		ID: domain.NewInvitationID(o.CreatedAt), CreatedBy: domain.OperatorActor(), CreatedAt: o.CreatedAt.UTC(), ExpiresAt: o.ExpiresAt.UTC(),
		Life: time.Duration(min(max(o.Life, 0), domain.MaxInvitationLife.Microseconds()+1)) * time.Microsecond, Generation: o.Generation,
	}
	if i.Role, err = domain.ParseRole(o.Role); err != nil {
		return i, err
	}
	if i.State, err = domain.ParseInvitationState(o.State); err != nil {
		return i, err
	}
	if err := domain.CheckInvitationLife(i.Life); err != nil {
		return i, err
	}
	if o.Email != "" {
		if i.Email, err = domain.ParseEmail(o.Email); err != nil {
			return i, err
		}
	}
	if o.Generation < 1 || o.Generation > maxGeneration {
		return i, domain.Invalidf("generation", "an invitation has no generation %d", o.Generation)
	}
	if i.State == domain.InvitationAccepted {
		if o.AcceptedBy == nil {
			return i, domain.Invalidf("acceptedBy", "an accepted invitation names its member")
		}
		i.AcceptedBy, err = domain.NewIdentity(o.AcceptedBy.Provider, o.AcceptedBy.Subject)
	}
	return i, err
}

// maxGeneration is the highest generation of an invitation.
const maxGeneration = 1 << 30
