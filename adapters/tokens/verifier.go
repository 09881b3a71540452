package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Config configures a [Verifier].
type Config struct {
	Issuers []Issuer

	// CacheSize is about how many verified tokens the cache holds, a few hundred bytes
	// each. 0 means 16,384.
	CacheSize int

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

const defaultCacheSize = 16_384

// Verifier is a [ports.TokenVerifier] for the access tokens of its issuers.
type Verifier struct {
	issuers map[string]*Issuer // by each of their URLs
	cache   *cache
	now     func() time.Time
}

var _ ports.TokenVerifier = (*Verifier)(nil)

// New returns a verifier, or a [domain.Invalid] error that names what is wrong with
// its configuration.
func New(cfg Config) (*Verifier, error) {
	issuers, err := byURL(cfg.Issuers)
	if err != nil {
		return nil, err
	}
	if cfg.CacheSize <= 0 {
		cfg.CacheSize = defaultCacheSize
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Verifier{issuers: issuers, cache: newCache(cfg.CacheSize), now: cfg.Now}, nil
}

// Verify implements [ports.TokenVerifier]. The error's Err has the reason for which a
// token was refused. Verify waits for a key set at most once in ten seconds, for the
// first token with a key that the set does not have.
func (v *Verifier) Verify(ctx context.Context, token domain.Secret) (ports.Caller, error) {
	seen, err := v.verify(ctx, token)
	if err != nil {
		return ports.Caller{}, translate(err)
	}
	return ports.NewCaller(seen.identity, token, seen.expiresAt), nil
}

func (v *Verifier) verify(ctx context.Context, token domain.Secret) (verified, error) {
	if len(token.Reveal()) > domain.MaxTokenLen {
		return verified{}, errTooLong
	}
	hash := digest(token.Reveal())
	if seen, ok := v.cache.get(hash); ok && seen.stands(v.now()) {
		return seen, nil
	}
	fresh, err := v.examine(ctx, token.Reveal())
	if err != nil {
		return verified{}, err
	}
	v.cache.put(hash, fresh, v.now())
	return fresh, nil
}

// examine applies the rules in their order: the cheapest first, and it uses nothing
// of the token before the rules require it.
func (v *Verifier) examine(ctx context.Context, token string) (verified, error) {
	p, err := read(token)
	if err != nil {
		return verified{}, err
	}
	if err := checkHeader(p.header); err != nil {
		return verified{}, err
	}
	kid, err := keyID(p.header)
	if err != nil {
		return verified{}, err
	}
	issuer, err := v.issuerOf(p.claims)
	if err != nil {
		return verified{}, err
	}
	key, err := issuer.Keys.key(ctx, kid)
	if err != nil {
		return verified{}, err
	}
	if err := checkSignature(p, key); err != nil {
		return verified{}, err
	}
	expiresAt, err := checkTimes(p.claims, v.now())
	if err != nil {
		return verified{}, err
	}
	if err := checkUse(p.claims); err != nil {
		return verified{}, err
	}
	if err := issuer.checkClient(p.claims); err != nil {
		return verified{}, err
	}
	identity, err := issuer.identityOf(p.claims)
	if err != nil {
		return verified{}, err
	}
	return verified{identity: identity, expiresAt: expiresAt, keys: issuer.Keys, key: key}, nil
}

// retryAfter is how long a caller waits for a key set, which is fetched every second.
const retryAfter = 2 * time.Second

// translate is the only place that turns a reason into the domain's error. Callers do
// not learn the reason, because only a forger could use it.
func translate(err error) error {
	switch {
	case errors.Is(err, errNoKeys):
		return domain.NewError(domain.CodeIdentityProviderUnavailable).WithMessage("the identity provider's keys are unavailable now; try again").WithRetryAfter(retryAfter).WithCause(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return domain.NewError(domain.CodeInvalidToken).WithCause(err)
	}
}
