package porttest

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// admitClaims is the part of [ReservationStore] about [ports.Claim.Admit].
func admitClaims(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a claim of an ID that is refused creates nothing, and spends nothing", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		want := domain.Errorf(domain.Conflict, "the ID is refused")
		var asked []domain.TenantID
		refuse := func(_ context.Context, id domain.TenantID) error {
			asked = append(asked, id)
			return want
		}
		signUp := func(context.Context) (domain.Identity, error) {
			t.Error("the owner signed up")
			return who, nil
		}
		for _, c := range []ports.Claim{{Token: n.Token, Owner: who, Admit: refuse}, {Token: n.Token, SignUp: signUp, Admit: refuse}} {
			if _, err := s.Reservations.Claim(t.Context(), c); err != error(want) { //nolint:errorlint // it comes back as it is
				t.Errorf("got %v, want %v", err, want)
			}
		}
		if len(asked) != 2 || asked[0] != n.ID || asked[1] != n.ID {
			t.Errorf("it was asked about %v", asked)
		}
		claim(t, s, n, who)
	})
	t.Run("a claim with a token that is not good asks for no ID", func(t *testing.T) {
		s := open(t)
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: newHash(), Owner: newIdentity(t), Admit: func(context.Context, domain.TenantID) error {
			t.Error("it asked")
			return nil
		}})
		mustBe(t, err, domain.CodeClaimInvalid)
	})
}
