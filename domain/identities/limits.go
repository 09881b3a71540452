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

// The limits of callers who are not signed in.
const (
	// RequestsPerAddress is how many requests about accounts one network address may
	// send in a minute, and how many refresh tokens from it may be refused, or revoked
	// by callers who are not signed in.
	RequestsPerAddress = 60

	// RequestsPerEmail is how many requests of one purpose, such as to sign in, one
	// network address may send about one e-mail address in a minute.
	RequestsPerEmail = 10

	// FailuresPerEmail is how many passwords, or codes of one purpose, for one e-mail
	// address may be wrong in 10 minutes, from all network addresses together.
	FailuresPerEmail = 100

	// MailsPerEmail is how many codes of one purpose are sent to one e-mail address in
	// an hour, whichever network addresses ask for them.
	MailsPerEmail = 30
)

// Limits counts the requests of callers who are not signed in, in the memory of one
// process. The nil Limits counts nothing.
//
// The limits of an e-mail address over all network addresses do not apply to the
// network addresses from which its owner signed in, confirmed it or reset its
// password, so that a stranger cannot lock the owner out. See [knownNetworks] for how
// many are remembered.
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

// subject is what a request is about: an account, by the hash of its e-mail address
// so that memory holds no addresses, and a purpose. Each purpose has allowances of
// its own, so that wrong codes do not keep a password from being accepted.
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

// attempt is a counted request about an account. It is settled when its outcome is
// known. The zero attempt was counted nowhere.
type attempt struct {
	limits *Limits
	from   limits.Address
	about  subject
	wide   *limits.Table[subject] // where it counts for all addresses together; nil: nowhere
}

// guess counts a request that a password or a code decides. A refused request uses
// nothing up.
func (l *Limits) guess(p purpose, from limits.Address, email domain.Email) (attempt, error) {
	if l == nil {
		return attempt{}, nil
	}
	return l.begin(attempt{limits: l, from: from, about: l.subject(p, email), wide: l.failures}, "attempts failed for this e-mail address")
}

// mail counts a request that may send mail to the address. A refused request uses
// nothing up.
func (l *Limits) mail(p purpose, from limits.Address, email domain.Email) (attempt, error) {
	if l == nil {
		return attempt{}, nil
	}
	return l.begin(attempt{limits: l, from: from, about: l.subject(p, email), wide: l.mails}, "codes were asked for by this e-mail address")
}

func (l *Limits) subject(p purpose, email domain.Email) subject {
	return subject{maphash.String(l.seed, email.Key()), p}
}

// begin counts the narrow allowances before the wide one, so that one network address
// cannot use up the allowance of others.
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

// judged settles a guess by its error, and returns the error. Only a failure counts
// for all network addresses, and only a success shows that the account is the
// caller's.
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

// mailed settles a request for mail by its error, and returns the error. Mail may
// have been sent although the caller hung up before the answer.
func (a attempt) mailed(err error) error {
	if err != nil && !isInterrupted(err) {
		a.harmless()
	}
	return err
}

// isFailure reports whether err is the result of a wrong password or code. A caller
// who hangs up before the answer counts as a failure.
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

// token counts a refresh token before it is looked up. A refused request uses nothing
// up.
func (l *Limits) token(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.tokens.Take(from, l.now()), "requests come from this address")
}

// goodToken settles a refresh token that was accepted. Accepted tokens are not
// limited, because many users share an address.
func (l *Limits) goodToken(from limits.Address) {
	if l != nil {
		l.tokens.Return(from)
	}
}
