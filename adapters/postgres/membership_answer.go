package postgres

import (
	"time"

	"github.com/partywall-go/partywall/domain"
)

// membershipAnswer is the answer to the request that granted a membership, as the record
// of an idempotency key keeps it.
type membershipAnswer struct {
	Tenant     string             `json:"tenant"`
	Provider   string             `json:"provider"`
	Subject    string             `json:"subject"`
	Role       domain.Role        `json:"role"`
	State      domain.MemberState `json:"state"`
	CreatedAt  time.Time          `json:"createdAt"`
	ExpiresAt  time.Time          `json:"expiresAt,omitzero"`
	Email      string             `json:"email,omitempty"`
	Granted    domain.ActorKind   `json:"granted,omitempty"` // by the operator, or before by a user
	ByProvider string             `json:"byProvider,omitempty"`
	BySubject  string             `json:"bySubject,omitempty"`
	Reason     string             `json:"reason,omitempty"`
}

func membershipAnswerOf(m domain.Membership) membershipAnswer {
	by := m.GrantedBy
	return membershipAnswer{
		m.Tenant.String(), m.Identity.Provider(), m.Identity.Subject(), m.Role, m.State, m.CreatedAt, m.ExpiresAt, m.Email.String(),
		by.Kind, by.Identity.Provider(), by.Identity.Subject(), m.Reason,
	}
}

// membership returns the membership as it was granted.
func (a membershipAnswer) membership() (m domain.Membership, err error) {
	m = domain.Membership{
		Role: a.Role, State: a.State, CreatedAt: a.CreatedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(),
		GrantedBy: domain.Actor{Kind: a.Granted}, Reason: a.Reason,
	}
	if m.Tenant, err = domain.ParseTenantID(a.Tenant); err != nil {
		return domain.Membership{}, err
	}
	if m.Identity, err = domain.NewIdentity(a.Provider, a.Subject); err != nil {
		return domain.Membership{}, err
	}
	if a.Email != "" {
		m.Email, _ = domain.ParseEmail(a.Email) // zero: an earlier release accepted the address
	}
	m.GrantedBy.Identity, err = storedIdentity(a.ByProvider, a.BySubject)
	return m, err
}
