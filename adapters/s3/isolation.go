package s3

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// ErrNotIsolated reports a server on which the holder of one signed URL reaches
// other objects than the one that it was signed for. The error that wraps it says how.
var ErrNotIsolated = errors.New("the object store does not keep tenants' files apart")

const (
	trialsTimeout = 30 * time.Second
	refusalLife   = time.Minute // a server that doesn't hold is tried again after it
	troubleLife   = time.Second // a server that wasn't reached is tried again after it
)

// isolation remembers what [Store.Prove] found.
type isolation struct {
	proven atomic.Pointer[isolationFound]
	mu     sync.Mutex
	last   *attempt // guarded by mu
}

// attempt is one run of the trials.
type attempt struct {
	done  chan struct{} // closed at its end; the rest is written before
	err   error
	until time.Time // when it is worth another one
}

// isGuarded reports whether the server holds for guarded uploads alone.
func (i *isolation) isGuarded() bool {
	found := i.proven.Load()
	return found != nil && found.guarded
}

// Prove returns nil once the server was shown to keep signed URLs apart: one
// opens its own object alone, by its own method, until it expires. Amazon S3 is
// taken to; any other server is tried, with a few objects below ".partywall/",
// which are deleted. Where it obeys an upload's unsigned headers, as MinIO does,
// uploads are signed against that from then on.
//
// An error that is [ErrNotIsolated] says what the server lets through. Other
// errors are those of a store that can't be reached or refuses. Until Prove
// returns nil the store signs nothing.
func (s *Store) Prove(ctx context.Context) error {
	if s.isolation.proven.Load() != nil {
		return nil
	}
	a := s.attempt(ctx)
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt returns the run that is under way or still counts, or starts one. It
// outlives the caller, since others wait for it as well.
func (s *Store) attempt(ctx context.Context) *attempt {
	s.isolation.mu.Lock()
	defer s.isolation.mu.Unlock()
	if a := s.isolation.last; a != nil {
		select {
		case <-a.done:
			if s.now().Before(a.until) {
				return a
			}
		default:
			return a
		}
	}
	a := &attempt{done: make(chan struct{})}
	s.isolation.last = a
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trialsTimeout)
	go func() {
		defer cancel()
		defer close(a.done)
		a.err = s.prove(ctx)
		life := troubleLife
		if errors.Is(a.err, ErrNotIsolated) {
			life = refusalLife
		}
		a.until = s.now().Add(life)
	}()
	return a
}

// prove makes the trials on the store's own endpoint.
func (s *Store) prove(ctx context.Context) error {
	creds, err := s.retrieve(ctx)
	if err != nil {
		return err
	}
	own := presigner{endpoint: s.own}
	found, err := tryIsolation(ctx, newProbe(s.client, s.bucket, &own, creds, s.now))
	switch {
	case err != nil:
		return translate(context.WithoutCancel(ctx), err)
	case found.breach != "":
		return domain.Errorf(domain.Internal, "the object store can't be used").WithCause(fmt.Errorf("%w: %s", ErrNotIsolated, found.breach))
	}
	s.isolation.proven.Store(&found)
	return nil
}

// amazon lists the domains of Amazon's partitions.
var amazon = []string{
	".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn",
	".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
}

// amazonS3 is how a host of Amazon S3 ends in front of one of those domains: the
// service and its variant, then the region, as in s3.eu-central-1 or
// s3-fips.dualstack.us-east-1. A customer's own servers have hosts there as well, as
// behind a load balancer.
var amazonS3 = regexp.MustCompile(`(^|\.)s3(-[a-z0-9-]+)?(\.dualstack)?(\.[a-z]+(-[a-z]+)+-[0-9]+)?(\.vpce)?$`)

// isAmazon reports whether host, with or without a port, is one of Amazon S3's own.
func isAmazon(host string) bool {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	host = strings.TrimSuffix(host, ".")
	for _, domain := range amazon {
		if service, found := strings.CutSuffix(host, domain); found {
			return amazonS3.MatchString(service)
		}
	}
	return false
}
