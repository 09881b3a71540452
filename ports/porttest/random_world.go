package porttest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// world is the tenants and the people of one goroutine's calls.
type world struct {
	Tenancy
	number  uint64
	rand    *rand.Rand
	people  []resident
	tenants []*modelTenant
	foreign domain.TenantID // of another world
	start   time.Time
	shared  *shared

	mails map[domain.Email]int // how many were sent to an address, in the model
}

type resident struct {
	domain.Identity
	email domain.Email
}

// shared is what the calls of one world refer to.
type shared struct {
	mu          sync.Mutex
	invitations []sentInvitation
	tokens      []domain.TokenHash
}

type sentInvitation struct {
	id     domain.InvitationID
	tenant domain.TenantID
}

const (
	worldTenants = 3
	worldPeople  = 5
)

func newWorld(t *testing.T, s Tenancy, seed, number uint64) *world {
	t.Helper()
	w := &world{
		Tenancy: s, number: number, rand: newRandom(seed, number), start: time.Now().UTC().Truncate(time.Second),
		shared: &shared{tokens: []domain.TokenHash{newHash()}}, mails: map[domain.Email]int{},
	}
	for range worldPeople {
		w.people = append(w.people, resident{newIdentity(t), newEmail(t)})
	}
	for range worldTenants {
		w.tenants = append(w.tenants, &modelTenant{
			id: newTenantID(t, "random"), token: newHash(),
			members: map[domain.Identity]modelMember{}, invitations: map[domain.InvitationID]*modelInvitation{},
		})
	}
	return w
}

// crowd returns worlds that share the people, the tenants and the tokens of w.
func (w *world) crowd(seed uint64) []*world {
	worlds := make([]*world, callers)
	for i := range worlds {
		member := *w
		member.number = callers + 1 + uint64(i)
		member.rand = newRandom(seed, member.number)
		worlds[i] = &member
	}
	return worlds
}

// next returns a random call. What there is more of in an installation is called for more
// often.
func (w *world) next() call {
	t := pick(w.rand, w.tenants)
	switch n := w.rand.IntN(100); {
	case n < 4:
		return w.create(t)
	case n < 6:
		return w.reserve(t)
	case n < 9:
		return w.claim(t)
	case n < 20:
		return w.changeTenant(t)
	case n < 26:
		return w.purge(t)
	case n < 30:
		return w.free(t)
	case n < 40:
		return w.grant(t)
	case n < 57:
		return w.change(t)
	case n < 65:
		return w.remove(t)
	case n < 72:
		return w.handOver(t)
	case n < 81:
		return w.invite(t)
	case n < 85:
		return w.resend(t)
	case n < 87:
		return w.revoke(t)
	case n < 90:
		return w.issue(t)
	case n < 98:
		return w.accept()
	default:
		return w.strange()
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// actor returns the operator or a person, and more often a member of the tenant.
func (w *world) actor(t *modelTenant) domain.Actor {
	switch w.rand.IntN(4) {
	case 0:
		return domain.OperatorActor()
	case 1:
		return domain.UserActor(pick(w.rand, w.people).Identity)
	}
	return domain.UserActor(w.member(t))
}

// member returns a member of the tenant, and any person if the model has none.
func (w *world) member(t *modelTenant) domain.Identity {
	first := w.rand.IntN(len(w.people))
	for i := range w.people {
		who := w.people[(first+i)%len(w.people)].Identity
		if t.members[who].admits() {
			return who
		}
	}
	return w.people[first].Identity
}

// named describes an actor by its number.
func (w *world) named(by domain.Actor) string {
	for i, p := range w.people {
		if by.Identity == p.Identity {
			return fmt.Sprintf("person %d", i)
		}
	}
	return "the operator"
}

// end is when a membership ends. Of two ends the later one is greater.
type end int

const (
	passed end = iota
	ahead
	never
)

func (w *world) end() end { return pick(w.rand, []end{passed, ahead, ahead, never, never, never}) }

// at returns the time of an end.
func (w *world) at(e end) time.Time {
	switch e {
	case passed:
		return w.start.Add(-time.Hour)
	case ahead:
		return w.start.Add(1000 * time.Hour)
	default:
		return time.Time{}
	}
}

// endOf returns the end that a time is.
func (w *world) endOf(at time.Time) end {
	for _, e := range []end{passed, ahead} {
		if at.Equal(w.at(e)) {
			return e
		}
	}
	return never
}

// token returns a new token, which later calls may send.
func (w *world) token() domain.TokenHash {
	w.shared.mu.Lock()
	defer w.shared.mu.Unlock()
	token := newHash()
	w.shared.tokens = append(w.shared.tokens, token)
	return token
}
