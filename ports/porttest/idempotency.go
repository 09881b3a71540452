package porttest

import (
	"cmp"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Creating is a kind of creating request that takes a [ports.Idempotency].
type Creating struct {
	// By is an actor who may send the requests, and Tenant where they create; zero for
	// requests that create tenants.
	By     domain.Actor
	Tenant domain.TenantID

	// Send sends a request that is unlike any other one but for its key: without a
	// replay it creates one thing more. It returns the answer as a text.
	Send func(key *ports.Idempotency) (answer string, replayed bool, err error)

	// Refuse sends a request that is refused for another reason than its key.
	Refuse func(key *ports.Idempotency) error

	// Count returns how many things the requests have created.
	Count func(t *testing.T) int
}

// Idempotency runs the contract of [ports.Idempotency] for a kind of requests.
func Idempotency(t *testing.T, open func(t *testing.T) Creating) {
	repeatRequests(t, open)
	repeatAtOnce(t, open)
}

func repeatRequests(t *testing.T, open func(t *testing.T) Creating) {
	t.Run("a repeated request gets the first answer and creates nothing", func(t *testing.T) {
		s := open(t)
		key := s.key()
		first := s.send(t, key, false)
		for range 2 {
			if again := s.send(t, key, true); again != first {
				t.Errorf("got %s, want %s", again, first)
			}
		}
		s.mustCount(t, 1)
	})
	t.Run("without a key each request is new", func(t *testing.T) {
		s := open(t)
		s.send(t, nil, false)
		s.send(t, nil, false)
		s.mustCount(t, 2)
	})
	t.Run("a key that was used for another fingerprint is refused, and creates nothing", func(t *testing.T) {
		s := open(t)
		key := s.key()
		first := s.send(t, key, false)
		_, _, err := s.Send(with(key, func(i *ports.Idempotency) { i.Fingerprint[31]++ }))
		mustBe(t, err, domain.CodeIdempotencyMismatch)
		mustBe(t, err, domain.Unprocessable)
		if again := s.send(t, key, true); again != first {
			t.Errorf("got %s, want %s", again, first)
		}
		s.mustCount(t, 1)
	})
	t.Run("a request of another actor, tenant, route or key is another", func(t *testing.T) {
		s := open(t)
		key := s.key()
		s.send(t, key, false)
		stranger, other := newIdentity(t), domain.OperatorActor()
		subject := cmp.Or(s.By.Identity.Subject(), stranger.Subject())
		if s.By.IsOperator() {
			other = domain.UserActor(stranger)
		}
		for name, change := range map[string]func(*ports.Idempotency){
			"identity": func(i *ports.Idempotency) { i.By = domain.UserActor(newIdentity(t)) },
			"provider": func(i *ports.Idempotency) {
				i.By = domain.UserActor(domain.Must(domain.NewIdentity("another", subject)))
			},
			"actor":  func(i *ports.Idempotency) { i.By = other },
			"tenant": func(i *ports.Idempotency) { i.Tenant = newTenantID(t, "other") },
			"route":  func(i *ports.Idempotency) { i.Route += "/other" },
			"key":    func(i *ports.Idempotency) { i.Key += "-other" },
			"parts split elsewhere": func(i *ports.Idempotency) {
				i.Key = i.Route[len(i.Route)-1:] + i.Key
				i.Route = i.Route[:len(i.Route)-1]
			},
		} {
			t.Run(name, func(t *testing.T) { s.send(t, with(key, change), false) })
		}
	})
	t.Run("a refused request leaves no record", func(t *testing.T) {
		s := open(t)
		key := s.key()
		if err := s.Refuse(key); err == nil {
			t.Fatal("it was not refused")
		}
		s.send(t, with(key, func(i *ports.Idempotency) { i.Fingerprint[0]++ }), false)
		s.mustCount(t, 1)
	})
}

func repeatAtOnce(t *testing.T, open func(t *testing.T) Creating) {
	t.Run("duplicates at once create one thing and get one answer", func(t *testing.T) {
		s := open(t)
		key, answers, replays := s.key(), make([]string, racers), make([]bool, racers)
		for _, err := range race(func(i int) (err error) { answers[i], replays[i], err = s.Send(key); return err }) {
			mustDo(t, err)
		}
		firsts := 0
		for i, answer := range answers {
			if answer != answers[0] {
				t.Errorf("got %s and %s", answers[0], answer)
			}
			if !replays[i] {
				firsts++
			}
		}
		if firsts != 1 {
			t.Errorf("%d of %d were no replay", firsts, racers)
		}
		s.mustCount(t, 1)
	})
	t.Run("of requests at once that share a key and differ, one succeeds", func(t *testing.T) {
		s := open(t)
		key := s.key()
		mustWinOnce(t, race(func(n int) error {
			_, _, err := s.Send(with(key, func(i *ports.Idempotency) { i.Fingerprint[0] = byte(n) }))
			return err
		}), domain.CodeIdempotencyMismatch)
		s.mustCount(t, 1)
	})
}

// key returns a request of the actor that was never sent.
func (s Creating) key() *ports.Idempotency {
	return &ports.Idempotency{By: s.By, Tenant: s.Tenant, Route: "route-" + unique(), Key: "key-" + unique(), Fingerprint: newHash()}
}

func (s Creating) send(t *testing.T, key *ports.Idempotency, replay bool) string {
	t.Helper()
	answer, replayed, err := s.Send(key)
	mustDo(t, err)
	if replayed != replay {
		t.Errorf("replayed: %v, want %v", replayed, replay)
	}
	return answer
}

func (s Creating) mustCount(t *testing.T, want int) {
	t.Helper()
	if got := s.Count(t); got != want {
		t.Errorf("%d things were created, want %d", got, want)
	}
}

// with returns the request as changed.
func with(key *ports.Idempotency, change func(*ports.Idempotency)) *ports.Idempotency {
	changed := *key
	change(&changed)
	return &changed
}
