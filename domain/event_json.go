package domain

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"time"
)

// MarshalJSON returns the event in the form of the API.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID         string          `json:"id"`
		At         time.Time       `json:"at"`
		Kind       EventKind       `json:"kind"`
		TenantID   string          `json:"tenantId"`
		Actor      actorForm       `json:"actor"`
		OnBehalfOf string          `json:"onBehalfOf,omitempty"`
		Address    netip.Addr      `json:"address,omitzero"`
		RequestID  string          `json:"requestId"`
		Data       json.RawMessage `json:"data"`
	}{
		strconv.FormatInt(e.ID, 10), e.At.UTC(), e.Kind, e.Tenant.String(),
		actorForm{e.Actor.Kind, e.Actor.Identity.Subject()}, e.OnBehalfOf.Subject(), e.Address, e.RequestID, e.Data,
	})
}

type actorForm struct {
	Kind    ActorKind `json:"kind"`
	Subject string    `json:"sub,omitempty"`
}
