package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// ReservationStore runs the contract of [ports.ReservationStore].
func ReservationStore(t *testing.T, open func(t *testing.T) Tenancy) {
	reserveIDs(t, open)
	limitReservations(t, open)
	claimTenants(t, open)
	claimBySignUp(t, open)
	admitClaims(t, open)
	refuseClaims(t, open)
	forgetExpiredReservations(t, open)
	sweepReservations(t, open)

	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Reservations.Reserve(ctx, reservation(t))
		return err
	})
}

func reserveIDs(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a reservation is an unclaimed tenant until it expires", func(t *testing.T) {
		n := reservation(t)
		made := reserve(t, open(t), n)
		if made.ID != n.ID || made.Name != n.Name || made.Status != domain.Unclaimed {
			t.Errorf("made %+v of %+v", made, n)
		}
		mustBeRecent(t, made.CreatedAt)
		mustBeNear(t, made.ClaimExpiresAt, time.Now().Add(n.TTL))
	})
	t.Run("an ID that is reserved is given to no other", func(t *testing.T) {
		s, n := open(t), reservation(t)
		reserve(t, s, n)
		other, tenant := reservation(t), owned(t)
		other.ID, tenant.ID = n.ID, n.ID
		for _, again := range []ports.ReservationRequest{other, n} {
			_, err := s.Reservations.Reserve(t.Context(), again)
			mustBe(t, err, domain.CodeTenantExists)
		}
		_, err := s.Tenants.Create(t.Context(), tenant)
		mustBe(t, err, domain.CodeTenantExists)
		_, err = s.Reservations.Claim(t.Context(), ports.Claim{Token: other.Token, Owner: newIdentity(t)})
		mustBe(t, err, domain.CodeClaimInvalid)
		claim(t, s, n, newIdentity(t))
	})
	t.Run("an ID that a tenant has is not reserved", func(t *testing.T) {
		s, active, suspended := open(t), owned(t), owned(t)
		create(t, s.Tenants, active)
		create(t, s.Tenants, suspended)
		s.Suspend(t, suspended.ID)
		for _, id := range []domain.TenantID{active.ID, suspended.ID} {
			n := reservation(t)
			n.ID = id
			_, err := s.Reservations.Reserve(t.Context(), n)
			mustBe(t, err, domain.CodeTenantExists)
			_, err = s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Owner: newIdentity(t)})
			mustBe(t, err, domain.CodeClaimInvalid)
		}
	})
	t.Run("of many callers who reserve or create one ID one succeeds", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "race")
		errs := race(func(i int) error {
			if i%2 == 0 {
				n := reservation(t)
				n.ID = id
				_, err := s.Reservations.Reserve(t.Context(), n)
				return err
			}
			n := owned(t)
			n.ID = id
			_, err := s.Tenants.Create(t.Context(), n)
			return err
		})
		mustWinOnce(t, errs, domain.CodeTenantExists)
	})
	t.Run("a reservation serves no member", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		_, err := s.Members.Find(t.Context(), who, n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		mustBe(t, s.setRole(t, n.ID, who, domain.RoleOwner), domain.CodeTenantNotFound)
	})
}

func claimTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a claim makes its bearer the owner of an active tenant", func(t *testing.T) {
		for name, named := range map[string]bool{"naming the tenant": true, "naming none": false} {
			t.Run(name, func(t *testing.T) {
				s, n, who := open(t), reservation(t), newIdentity(t)
				want := reserve(t, s, n)
				want.Status, want.ClaimExpiresAt = domain.Active, time.Time{}
				c := ports.Claim{Token: n.Token, Owner: who}
				if named {
					c.Tenant = n.ID
				}
				got, err := s.Reservations.Claim(t.Context(), c)
				mustDo(t, err)
				mustBeSame(t, got.Tenant, want)
				if m := got.Membership; m.Tenant != n.ID || m.Identity != who || m.Role != domain.RoleOwner || got.Replayed {
					t.Errorf("got %+v", got)
				}
				mustBeRecent(t, got.Membership.CreatedAt)
				kept := soleTenant(t, s, who)
				mustBeSame(t, kept.Tenant, want)
				if !kept.Membership.Equal(got.Membership) {
					t.Errorf("found %+v, want %+v", kept.Membership, got.Membership)
				}
				_, err = s.Tenants.Probe(t.Context(), n.ID)
				mustDo(t, err)
			})
		}
	})
	t.Run("of many claims with one token at once, one succeeds", func(t *testing.T) {
		s, n := open(t), reservation(t)
		reserve(t, s, n)
		owners := make([]domain.Identity, racers)
		for i := range owners {
			owners[i] = newIdentity(t)
		}
		errs := race(func(i int) error {
			_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Owner: owners[i]})
			return err
		})
		winner := mustWinOnce(t, errs, domain.CodeClaimInvalid)
		for i, who := range owners {
			_, err := s.Members.Find(t.Context(), who, n.ID)
			if i == winner {
				mustDo(t, err)
			} else {
				mustBe(t, err, domain.CodeTenantNotFound)
			}
		}
	})
	t.Run("an owner who claims again gets the same answer", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		first := claim(t, s, n, who)
		for _, id := range []domain.TenantID{n.ID, {}} {
			again, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Tenant: id, Owner: who})
			mustDo(t, err)
			mustBeSame(t, again.Tenant, first.Tenant)
			if again.Membership != first.Membership || !again.Replayed {
				t.Errorf("got %+v, want %+v", again, first)
			}
		}
	})
	t.Run("an owner who claims again gets the role that they have now", func(t *testing.T) {
		s, n, who, bob := open(t), reservation(t), newIdentity(t), newIdentity(t)
		reserve(t, s, n)
		claim(t, s, n, who)
		mustDo(t, s.setRole(t, n.ID, bob, domain.RoleOwner))
		mustDo(t, s.setRole(t, n.ID, who, domain.RoleViewer))
		if again := claim(t, s, n, who); again.Membership.Role != domain.RoleViewer {
			t.Errorf("got %+v", again)
		}
		mustDo(t, s.setRole(t, n.ID, who, ""))
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Owner: who})
		mustBe(t, err, domain.CodeClaimInvalid)
	})
	t.Run("an owner's repeated claims at once all succeed", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		for _, err := range race(func(int) error {
			_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Owner: who})
			return err
		}) {
			mustDo(t, err)
		}
		got, err := s.Members.Memberships(t.Context(), who, 10)
		mustDo(t, err)
		if len(got) != 1 {
			t.Errorf("they have %d memberships", len(got))
		}
	})
	t.Run("a cancelled claim leaves the token unspent", func(t *testing.T) {
		s, n := open(t), reservation(t)
		reserve(t, s, n)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Reservations.Claim(ctx, ports.Claim{Token: n.Token, Owner: newIdentity(t)}); err == nil {
			t.Fatal("it succeeded")
		}
		claim(t, s, n, newIdentity(t))
	})
}

func claimBySignUp(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a new user claims a tenant", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		got, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: signsUp(who)})
		mustDo(t, err)
		if got.Membership.Identity != who || got.Tenant.ID != n.ID || got.Replayed {
			t.Errorf("got %+v", got)
		}
		_, err = s.Members.Find(t.Context(), who, n.ID)
		mustDo(t, err)
	})
	t.Run("a sign-up that fails leaves the token unspent, and its error comes back as it is", func(t *testing.T) {
		s, n, refused := open(t), reservation(t), errors.New("no such luck")
		reserve(t, s, n)
		for _, want := range []error{refused, domain.NewError(domain.CodeUserExists)} {
			_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: func(context.Context) (domain.Identity, error) { return domain.Identity{}, want }})
			if err != want { //nolint:errorlint // as it is
				t.Errorf("got %v, want %v", err, want)
			}
		}
		claim(t, s, n, newIdentity(t))
	})
	t.Run("an invalid token starts no sign-up", func(t *testing.T) {
		s, spent, expired, mine := open(t), reservation(t), reservation(t), reservation(t)
		expired.TTL = soon
		for _, n := range []ports.ReservationRequest{spent, expired, mine} {
			reserve(t, s, n)
		}
		who := newIdentity(t)
		claim(t, s, spent, who)
		time.Sleep(past)
		for name, c := range map[string]ports.Claim{
			"unknown": {Token: newHash()}, "spent": {Token: spent.Token}, "expired": {Token: expired.Token}, "another tenant's": {Token: mine.Token, Tenant: spent.ID},
		} {
			c.SignUp = func(context.Context) (domain.Identity, error) {
				t.Errorf("%s: the account was made", name)
				return who, nil
			}
			_, err := s.Reservations.Claim(t.Context(), c)
			mustBe(t, err, domain.CodeClaimInvalid)
		}
	})
	t.Run("a new user who hangs up during the sign-up still gets the tenant", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		ctx, hangUp := context.WithCancel(t.Context())
		_, err := s.Reservations.Claim(ctx, ports.Claim{Token: n.Token, SignUp: func(context.Context) (domain.Identity, error) {
			hangUp()
			return who, nil
		}})
		mustDo(t, err)
		_, err = s.Members.Find(t.Context(), who, n.ID)
		mustDo(t, err)
	})
	t.Run("a reservation does not expire while its owner signs up", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		n.TTL = time.Second
		reserve(t, s, n)
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: func(context.Context) (domain.Identity, error) {
			time.Sleep(n.TTL + past)
			return who, nil
		}})
		mustDo(t, err)
	})
	t.Run("the claims of many new users at once are all served", func(t *testing.T) {
		s := open(t)
		reservations := make([]ports.ReservationRequest, racers)
		for i := range reservations {
			reservations[i] = reservation(t)
			reserve(t, s, reservations[i])
		}
		for _, err := range race(func(i int) error {
			_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: reservations[i].Token, SignUp: signsUp(newIdentity(t))})
			return err
		}) {
			mustDo(t, err)
		}
	})
}

func refuseClaims(t *testing.T, open func(t *testing.T) Tenancy) {
	refused := func(t *testing.T, s Tenancy, token domain.TokenHash, id domain.TenantID, who domain.Identity) {
		t.Helper()
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: token, Tenant: id, Owner: who})
		mustBe(t, err, domain.CodeClaimInvalid)
	}
	t.Run("an unknown token is refused", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		for _, token := range []domain.TokenHash{newHash(), {}} {
			refused(t, s, token, domain.TenantID{}, newIdentity(t))
			refused(t, s, token, n.ID, newIdentity(t))
		}
	})
	t.Run("a spent token is refused to others", func(t *testing.T) {
		s, n := open(t), reservation(t)
		reserve(t, s, n)
		claim(t, s, n, newIdentity(t))
		refused(t, s, n.Token, n.ID, newIdentity(t))
		refused(t, s, n.Token, domain.TenantID{}, newIdentity(t))
	})
	t.Run("an expired token is refused, before and after a sweep", func(t *testing.T) {
		s, n := open(t), reservation(t)
		n.TTL = soon
		reserve(t, s, n)
		time.Sleep(past)
		for range 2 {
			refused(t, s, n.Token, n.ID, newIdentity(t))
			_, err := s.Tenants.Sweep(t.Context())
			mustDo(t, err)
		}
	})
	t.Run("a token of another tenant is refused and stays unspent", func(t *testing.T) {
		s, mine, theirs := open(t), reservation(t), reservation(t)
		reserve(t, s, mine)
		reserve(t, s, theirs)
		for _, id := range []domain.TenantID{theirs.ID, newTenantID(t, "absent")} {
			refused(t, s, mine.Token, id, newIdentity(t))
		}
		claim(t, s, mine, newIdentity(t))
		claim(t, s, theirs, newIdentity(t))
	})
	t.Run("an owner who claimed and names another tenant is refused", func(t *testing.T) {
		s, n, other, who := open(t), reservation(t), owned(t), newIdentity(t)
		reserve(t, s, n)
		create(t, s.Tenants, other)
		claim(t, s, n, who)
		refused(t, s, n.Token, other.ID, who)
	})
}

// reservation is one to be made, without limits.
func reservation(t *testing.T) ports.ReservationRequest {
	t.Helper()
	return ports.ReservationRequest{ID: newTenantID(t, "reserved"), Name: "Acme Ltd.", Token: newHash(), TTL: time.Hour}
}

func reserve(t *testing.T, s Tenancy, n ports.ReservationRequest) domain.Tenant {
	t.Helper()
	made, err := s.Reservations.Reserve(t.Context(), n)
	mustDo(t, err)
	return made
}

func claim(t *testing.T, s Tenancy, n ports.ReservationRequest, who domain.Identity) ports.ClaimedTenant {
	t.Helper()
	claimed, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Tenant: n.ID, Owner: who})
	mustDo(t, err)
	return claimed
}

// signsUp returns a sign-up that creates the identity's account at once.
func signsUp(who domain.Identity) func(context.Context) (domain.Identity, error) {
	return func(context.Context) (domain.Identity, error) { return who, nil }
}
