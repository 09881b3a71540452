package porttest

import (
	"context"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// InvitationStore runs the contract of [ports.InvitationStore].
func InvitationStore(t *testing.T, open func(t *testing.T) Tenancy) {
	peekAtClaims(t, open)
	redeemClaims(t, open)
	refuseClaims(t, open)

	s := open(t)
	heedContext(t, []call{
		{"Peek", func(ctx context.Context) error { _, err := s.Invitations.Peek(ctx, newHash()); return err }},
		{"Redeem", func(ctx context.Context) error {
			_, err := s.Invitations.Redeem(ctx, newHash(), domain.TenantID{}, newIdentity(t))
			return err
		}},
	})
	n := claimed(t, time.Hour)
	create(t, s.Tenants, n)
	refuseZero(t, []call{{"redeeming for nobody", func(ctx context.Context) error {
		_, err := s.Invitations.Redeem(ctx, n.Claim.Hash, n.ID, domain.Identity{})
		return err
	}}})
}

func peekAtClaims(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("peeking tells what a claim gives", func(t *testing.T) {
		s, n := open(t), claimed(t, time.Hour)
		created := create(t, s.Tenants, n).Tenant
		invitation, err := s.Invitations.Peek(t.Context(), n.Claim.Hash)
		mustDo(t, err)
		if invitation.Tenant != n.ID || invitation.Role != domain.RoleOwner || !invitation.IsClaim() {
			t.Errorf("got %+v", invitation)
		}
		if !invitation.ExpiresAt.Equal(created.ClaimExpiresAt) || invitation.ExpiresAt.Location() != time.UTC {
			t.Errorf("it expires at %v, its tenant at %v", invitation.ExpiresAt, created.ClaimExpiresAt)
		}
	})
	t.Run("peeking leaves a claim unspent", func(t *testing.T) {
		s, n := open(t), claimed(t, time.Hour)
		create(t, s.Tenants, n)
		for range 3 {
			_, err := s.Invitations.Peek(t.Context(), n.Claim.Hash)
			mustDo(t, err)
		}
		_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, newIdentity(t))
		mustDo(t, err)
	})
}

func redeemClaims(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("redeeming a claim makes its bearer the owner and the tenant active", func(t *testing.T) {
		for name, named := range map[string]bool{"naming the tenant": true, "naming none": false} {
			t.Run(name, func(t *testing.T) {
				s, n, who := open(t), claimed(t, time.Hour), newIdentity(t)
				want := create(t, s.Tenants, n).Tenant
				want.Status, want.ClaimExpiresAt = domain.Active, time.Time{}
				var id domain.TenantID
				if named {
					id = n.ID
				}
				got, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, id, who)
				mustDo(t, err)
				mustBeSame(t, got.Tenant, want)
				if m := got.Membership; m.Tenant != n.ID || m.Identity != who || m.Role != domain.RoleOwner {
					t.Errorf("got %+v", m)
				}
				mustBeRecent(t, got.Membership.CreatedAt)
				tenant, membership, err := s.Members.Find(t.Context(), who, n.ID)
				mustDo(t, err)
				mustBeSame(t, tenant, want)
				if membership.Role != domain.RoleOwner || !membership.CreatedAt.Equal(got.Membership.CreatedAt) {
					t.Errorf("found %+v, want %+v", membership, got.Membership)
				}
			})
		}
	})
	t.Run("of many who redeem one claim at once, one becomes the owner", func(t *testing.T) {
		s, n := open(t), claimed(t, time.Hour)
		create(t, s.Tenants, n)
		people := make([]domain.Identity, racers)
		for i := range people {
			people[i] = newIdentity(t)
		}
		errs := race(func(i int) error {
			_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, people[i])
			return err
		})
		winner := mustWinOnce(t, errs, domain.CodeClaimInvalid)
		for i, who := range people {
			_, _, err := s.Members.Find(t.Context(), who, n.ID)
			if i == winner {
				mustDo(t, err)
			} else {
				mustBe(t, err, domain.CodeTenantNotFound)
			}
		}
	})
	t.Run("who redeemed a claim gets the membership again", func(t *testing.T) {
		s, n, who := open(t), claimed(t, time.Hour), newIdentity(t)
		create(t, s.Tenants, n)
		first, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, who)
		mustDo(t, err)
		for _, id := range []domain.TenantID{n.ID, {}} {
			again, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, id, who)
			mustDo(t, err)
			mustBeSame(t, again.Tenant, first.Tenant)
			if again.Membership.Role != domain.RoleOwner || !again.Membership.CreatedAt.Equal(first.Membership.CreatedAt) {
				t.Errorf("got %+v, want %+v", again.Membership, first.Membership)
			}
		}
	})
	t.Run("one person's repeated requests at once all succeed", func(t *testing.T) {
		s, n, who := open(t), claimed(t, time.Hour), newIdentity(t)
		create(t, s.Tenants, n)
		for _, err := range race(func(int) error {
			_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, who)
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
	t.Run("a cancelled redemption leaves the claim unspent", func(t *testing.T) {
		s, n := open(t), claimed(t, time.Hour)
		create(t, s.Tenants, n)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Invitations.Redeem(ctx, n.Claim.Hash, n.ID, newIdentity(t)); err == nil {
			t.Fatal("it succeeded")
		}
		_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, newIdentity(t))
		mustDo(t, err)
	})
}

func refuseClaims(t *testing.T, open func(t *testing.T) Tenancy) {
	refused := func(t *testing.T, s Tenancy, hash domain.TokenHash, id domain.TenantID) {
		t.Helper()
		_, err := s.Invitations.Redeem(t.Context(), hash, id, newIdentity(t))
		mustBe(t, err, domain.CodeClaimInvalid)
		mustBe(t, err, domain.Invalid)
	}
	t.Run("an unknown token is refused", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		for _, hash := range []domain.TokenHash{newHash(), {}} {
			_, err := s.Invitations.Peek(t.Context(), hash)
			mustBe(t, err, domain.CodeClaimInvalid)
			refused(t, s, hash, domain.TenantID{})
			refused(t, s, hash, n.ID)
		}
	})
	t.Run("a spent claim is refused to others", func(t *testing.T) {
		s, n := open(t), claimed(t, time.Hour)
		create(t, s.Tenants, n)
		_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, newIdentity(t))
		mustDo(t, err)
		_, err = s.Invitations.Peek(t.Context(), n.Claim.Hash)
		mustBe(t, err, domain.CodeClaimInvalid)
		refused(t, s, n.Claim.Hash, n.ID)
		refused(t, s, n.Claim.Hash, domain.TenantID{})
	})
	t.Run("an expired claim is refused, before and after a sweep", func(t *testing.T) {
		s, n := open(t), claimed(t, soon)
		create(t, s.Tenants, n)
		time.Sleep(past)
		for range 2 {
			_, err := s.Invitations.Peek(t.Context(), n.Claim.Hash)
			mustBe(t, err, domain.CodeClaimInvalid)
			refused(t, s, n.Claim.Hash, n.ID)
			_, err = s.Tenants.Sweep(t.Context())
			mustDo(t, err)
		}
	})
	t.Run("a claim of another tenant is refused and stays unspent", func(t *testing.T) {
		s, mine, theirs := open(t), claimed(t, time.Hour), claimed(t, time.Hour)
		create(t, s.Tenants, mine)
		create(t, s.Tenants, theirs)
		for _, id := range []domain.TenantID{theirs.ID, newTenantID(t, "nobody")} {
			refused(t, s, mine.Claim.Hash, id)
		}
		for _, n := range []ports.NewTenant{mine, theirs} {
			_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, newIdentity(t))
			mustDo(t, err)
		}
	})
	t.Run("who redeemed a claim and names another tenant is refused", func(t *testing.T) {
		s, n, other, who := open(t), claimed(t, time.Hour), owned(t), newIdentity(t)
		create(t, s.Tenants, n)
		create(t, s.Tenants, other)
		_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, who)
		mustDo(t, err)
		_, err = s.Invitations.Redeem(t.Context(), n.Claim.Hash, other.ID, who)
		mustBe(t, err, domain.CodeClaimInvalid)
	})
}
