package s3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/domain"
)

// shortest is the shortest remaining life of credentials that are used for signing.
const shortest = 10 * time.Second

// cached asks provider again only when its credentials expire, because signing must not
// wait for the network.
func cached(provider aws.CredentialsProvider) aws.CredentialsProvider {
	if cache, ok := provider.(*aws.CredentialsCache); ok {
		return cache
	}
	return aws.NewCredentialsCache(provider)
}

// retrieve returns credentials that remain valid for at least shortest.
func (s *Store) retrieve(ctx context.Context) (aws.Credentials, error) {
	if err := ctx.Err(); err != nil {
		return aws.Credentials{}, err
	}
	creds, err := s.credentials.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, translate(ctx, err)
	}
	if left := creds.Expires.Sub(s.now()); creds.CanExpire && left < shortest {
		return aws.Credentials{}, domain.NewError(domain.CodeObjectStoreUnavailable).WithMessage("the object store's credentials are about to expire").WithRetryAfter(shortest)
	}
	return creds, nil
}
