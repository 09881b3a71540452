package domain_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestInvitationIDsSortByTime(t *testing.T) {
	at, last := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), ""
	for range 1000 {
		id := domain.NewInvitationID(at)
		if parsed, err := domain.ParseInvitationID(id.String()); err != nil || parsed != id || id.IsZero() {
			t.Fatalf("%s is parsed as %s, %v", id, parsed, err)
		}
		if id.String() <= last {
			t.Fatalf("%s comes after %s", id, last)
		}
		at, last = at.Add(time.Millisecond), id.String()
	}
	if one, two := domain.NewInvitationID(at), domain.NewInvitationID(at); one == two {
		t.Error("two IDs of one time are equal")
	}
}

func TestWhatIsNoInvitationIDIsNotFound(t *testing.T) {
	good := domain.NewInvitationID(time.Now()).String()
	for _, s := range []string{"", good[1:], good + "0", strings.ToUpper(good[:23]) + "A", good[:23] + "w", good[:23] + "/", good[:22] + "é"} {
		if id, err := domain.ParseInvitationID(s); !errors.Is(err, domain.CodeInvitationNotFound) || !id.IsZero() {
			t.Errorf("%q is %s, %v", s, id, err)
		}
	}
}

func TestLivesOfInvitationsInSeconds(t *testing.T) {
	for seconds, want := range map[int64]time.Duration{3600: time.Hour, 604800: domain.DefaultInvitationLife, 2592000: domain.MaxInvitationLife} {
		if life, err := domain.ParseInvitationLife(seconds); life != want || err != nil {
			t.Errorf("%d: %v, %v", seconds, life, err)
		}
	}
	for _, seconds := range []int64{0, -1, 3599, 2592001, math.MaxInt64, math.MinInt64, 9_223_372_037, 18_446_744_074 + 3600} {
		if _, err := domain.ParseInvitationLife(seconds); !errors.Is(err, domain.Invalid) {
			t.Errorf("%d: %v", seconds, err)
		}
	}
}

func TestAMaskedAddress(t *testing.T) {
	for address, want := range map[string]string{"ada@example.com": "a***@e***", "ä@münchen.example": "ä***@m***"} {
		if got := domain.Must(domain.ParseEmail(address)).Masked(); got != want {
			t.Errorf("%s is masked as %s, want %s", address, got, want)
		}
	}
	if got := (domain.Email{}).Masked(); got != "" {
		t.Errorf("no address is masked as %s", got)
	}
}

// The data of the longest invitation fit into an event.
func TestTheLongestInvitationFitsIntoAnEvent(t *testing.T) {
	long := domain.Must(domain.NewIdentity(strings.Repeat("<", 128), strings.Repeat(">", 128)))
	i := domain.Invitation{
		ID: domain.NewInvitationID(time.Now()), Tenant: acme, Email: domain.Must(domain.ParseEmail(strings.Repeat("&", 240) + "@example.com")),
		Role: domain.RoleViewer, Generation: math.MaxInt, ExpiresAt: time.Now(),
	}
	if _, err := domain.NewInvitationEvent(t.Context(), domain.EventInvitationCreated, domain.UserActor(long), i, i.ID); err != nil {
		t.Error(err)
	}
	if _, err := domain.NewInvitationAcceptedEvent(t.Context(), i, membership(long, domain.RoleViewer), membership(long, domain.RoleOwner)); err != nil {
		t.Error(err)
	}
}
