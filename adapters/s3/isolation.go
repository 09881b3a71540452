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

// ErrNotIsolated reports a server on which the bearer of a signed URL can access
// other objects than the signed one. The error that wraps it describes how.
var ErrNotIsolated = errors.New("the object store does not keep tenants' files apart")

const (
	trialsTimeout = 30 * time.Second
	refusalLife   = time.Minute // how long a failed proof counts
	troubleLife   = time.Second // how long an unreachable server counts as such
)

// isolation records the result of [Store.Prove].
type isolation struct {
	proven atomic.Pointer[isolationFound]
	mu     sync.Mutex
	last   *attempt // guarded by mu
}

// attempt is one run of the trials.
type attempt struct {
	done  chan struct{} // closed at its end; the other fields are written before
	err   error
	until time.Time // from when on another attempt is useful
}

// isGuarded reports whether the server passed only with guarded uploads.
func (i *isolation) isGuarded() bool {
	found := i.proven.Load()
	return found != nil && found.guarded
}

// Prove returns nil once the server has been shown to isolate signed URLs: each URL
// opens only its own object, only by its own method, until it expires. Amazon S3 is
// assumed to do so. Any other server is tested with a few objects below ".partywall/",
// which are deleted. If the server obeys unsigned headers of an upload, as MinIO does,
// uploads are signed against that from then on.
//
// An error that is [ErrNotIsolated] describes what the server allows. Other errors
// report a store that cannot be reached or refuses requests. The store signs nothing
// until Prove has returned nil.
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

// attempt returns the current run, or the last one if its result still counts, or starts
// a new one. A run continues when its caller leaves, because other callers wait for it.
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

// prove runs the trials on the store's own endpoint.
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
		return domain.Errorf(domain.Internal, "the object store cannot be used").WithCause(fmt.Errorf("%w: %s", ErrNotIsolated, found.breach))
	}
	s.isolation.proven.Store(&found)
	return nil
}

// amazon lists the domains of Amazon's partitions.
var amazon = []string{
	".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn",
	".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
}

// amazonS3 matches the end of an Amazon S3 host in front of one of those domains: the
// service and its variant, then the region, as in s3.eu-central-1 or
// s3-fips.dualstack.us-east-1. The domains also contain hosts of customers' servers, for
// example behind a load balancer.
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
