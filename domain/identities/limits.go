package identities

import (
	"context"
	"errors"
	"hash/maphash"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// What callers who aren't signed in may do.
const (
	// RequestsPerAddress is how many requests about accounts come from one network
	// address in a minute, and how many refresh tokens that are refused, or that
	// callers who aren't signed in revoke.
	RequestsPerAddress = 60

	// RequestsPerEmail is how many requests of one purpose, such as to sign in,
	// one network address sends about one e-mail address in a minute.
	RequestsPerEmail = 10

	// FailuresPerEmail is how many passwords, or codes of one purpose, for one e-mail
	// address are wrong in 10 minutes, wherever they come from.
	FailuresPerEmail = 100

	// MailsPerEmail is how many codes of one purpose are sent to one e-mail address
	// in an hour, wherever they are asked for.
	MailsPerEmail = 30
)

// Limits counts what callers who aren't signed in do, in the memory of one
// process. The nil Limits counts nothing.
//
// What all addresses together may do about an e-mail address doesn't bind the
// network addresses from which its owner signed in, confirmed it or reset its
// password: a stranger can't lock them out. See [knownNetworks] for how many are
// remembered.
type Limits struct {
	now      func() time.Time
	requests *limits.Networks
	tokens   *limits.Networks // refresh tokens that are refused or revoked
	pairs    *limits.Pairs[subject]
	failures *limits.Table[subject]
	mails    *limits.Table[subject]
	known    *knownNetworks
	seed     maphash.Seed
}

// subject is what a request is about: an account, by the hash of its e-mail
// address, so that no addresses pile up in memory, and a purpose. Each purpose
// has allowances of its own: wrong codes keep no password from being accepted.
type subject struct {
	account uint64
	purpose purpose
}

type purpose byte

const (
	toSignUp purpose = iota
	toConfirm
	toResendCode
	toSignIn
	toAnswerChallenge
	toForgetPassword
	toResetPassword
)

// NewLimits returns Limits that have counted nothing yet. A nil now is [time.Now].
func NewLimits(now func() time.Time) *Limits {
	if now == nil {
		now = time.Now
	}
	return &Limits{
		now:      now,
		requests: limits.NewNetworks(limits.Rate{Count: RequestsPerAddress, Per: time.Minute}),
		tokens:   limits.NewNetworks(limits.Rate{Count: RequestsPerAddress, Per: time.Minute}),
		pairs:    limits.NewPairs[subject](limits.Rate{Count: RequestsPerEmail, Per: time.Minute}),
		failures: limits.NewTable[subject](limits.Rate{Count: FailuresPerEmail, Per: 10 * time.Minute}),
		mails:    limits.NewTable[subject](limits.Rate{Count: MailsPerEmail, Per: time.Hour}),
		known:    newKnownNetworks(),
		seed:     maphash.MakeSeed(),
	}
}

// attempt is a request about an account that was counted. What it has used up is
// settled when its outcome is known. The zero attempt was counted nowhere.
type attempt struct {
	limits *Limits
	from   limits.Address
	about  subject
	wide   *limits.Table[subject] // where it counts for all addresses together; nil: nowhere
}

// guess counts a request that a password or a code decides. If it is refused, it
// has used nothing up.
func (l *Limits) guess(p purpose, from limits.Address, email domain.Email) (attempt, error) {
	if l == nil {
		return attempt{}, nil
	}
	return l.begin(attempt{limits: l, from: from, about: l.subject(p, email), wide: l.failures}, "attempts failed for this e-mail address")
}

// mail counts a request that may send mail to the address. If it is refused, it
// has used nothing up.
func (l *Limits) mail(p purpose, from limits.Address, email domain.Email) (attempt, error) {
	if l == nil {
		return attempt{}, nil
	}
	return l.begin(attempt{limits: l, from: from, about: l.subject(p, email), wide: l.mails}, "codes were asked for by this e-mail address")
}

func (l *Limits) subject(p purpose, email domain.Email) subject {
	return subject{maphash.String(l.seed, email.Key()), p}
}

// begin counts the narrow allowances before the wide one, so that one network
// address can't use up what others have.
func (l *Limits) begin(a attempt, tooMany string) (attempt, error) {
	now := l.now()
	if err := limits.Check(l.requests.Take(a.from, now), "requests come from this address"); err != nil {
		return attempt{}, err
	}
	if err := limits.Check(l.pairs.Take(a.from, a.about, now), "requests are made for this e-mail address"); err != nil {
		l.requests.Return(a.from)
		return attempt{}, err
	}
	if l.known.has(a.about.account, a.from) {
		a.wide = nil
		return a, nil
	}
	if err := limits.Check(a.wide.Take(a.about, now), tooMany); err != nil {
		l.pairs.Return(a.from, a.about)
		l.requests.Return(a.from)
		return attempt{}, err
	}
	return a, nil
}

// harmless settles an attempt that counts for its network address alone.
func (a attempt) harmless() {
	if a.wide != nil {
		a.wide.Return(a.about)
	}
}

// judged settles a guess by the error that it ended in, and returns it. Only a
// failure counts for all network addresses, and only a success shows that the
// account is the caller's.
func (a attempt) judged(err error) error {
	if !isFailure(err) {
		a.harmless()
	}
	if err == nil && a.limits != nil {
		a.limits.known.add(a.about.account, a.from)
	}
	return err
}

// stepped is judged for a step of signing in: a challenge proves nothing yet.
func (a attempt) stepped(step ports.SignIn, err error) (ports.SignIn, error) {
	if err == nil && step.Challenge != nil {
		a.harmless()
		return step, nil
	}
	return step, a.judged(err)
}

// mailed settles a request for mail by the error that it ended in, and returns it.
// Mail may be on its way to a caller who hangs up before the answer.
func (a attempt) mailed(err error) error {
	if err != nil && !isInterrupted(err) {
		a.harmless()
	}
	return err
}

// isFailure reports whether err is what a wrong password or code ends in. A caller
// who hangs up before the answer counts as one.
func isFailure(err error) bool {
	switch domain.CodeOf(err) {
	case domain.CodeInvalidCredentials, domain.CodeCodeInvalid, domain.CodeChallengeInvalid:
		return true
	}
	return isInterrupted(err)
}

func isInterrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// token counts a refresh token before it is looked up. If it is refused, it has
// used nothing up.
func (l *Limits) token(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.tokens.Take(from, l.now()), "requests come from this address")
}

// goodToken settles a refresh token that was accepted: these aren't limited, since
// many people share an address.
func (l *Limits) goodToken(from limits.Address) {
	if l != nil {
		l.tokens.Return(from)
	}
}
