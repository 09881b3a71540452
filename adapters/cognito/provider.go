package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Config selects the pool and sets how it is used.
type Config struct {
	PoolID       string        // such as eu-central-1_a1B2c3D4e; the Provider's name
	ClientID     string        // of the app client
	ClientSecret domain.Secret // empty for a client that has none

	// AWS contains region, endpoint and HTTP client. Its credentials are optional;
	// the package comment lists what they are used for. Its retry settings are
	// ignored.
	AWS aws.Config

	// PasswordPolicy describes the pool's password policy to users, as in "at least
	// 12 characters". If empty, the pool is asked, provided that the credentials allow it.
	PasswordPolicy string

	Timeout time.Duration // of one call, with its retries; 0: 10 seconds
	Logger  *slog.Logger  // nil: nothing is logged
}

const defaultTimeout = 10 * time.Second

// Provider is a [ports.IdentityProvider] on a Cognito user pool.
type Provider struct {
	pool, client string
	secret       domain.Secret
	timeout      time.Duration
	log          *slog.Logger
	policy       *passwordPolicy

	once    *idp.Client // never retries: the operation counts against the user, sends a message or spends a token
	careful *idp.Client // retries only requests that were refused before anything was done
	patient *idp.Client // retries any failure: the operation may run twice
	admin   *idp.Client // has credentials; nil without

	byAuthFlow atomic.Bool // the server lacks GetTokensFromRefreshToken
}

var _ ports.IdentityProvider = (*Provider)(nil)

// New returns a Provider. It does not contact the pool.
func New(cfg Config) *Provider {
	p := &Provider{
		pool:    cfg.PoolID,
		client:  cfg.ClientID,
		secret:  cfg.ClientSecret,
		timeout: cfg.Timeout,
		log:     cfg.Logger,
		once:    newClient(cfg.AWS, aws.AnonymousCredentials{}, aws.NopRetryer{}),
		careful: newClient(cfg.AWS, aws.AnonymousCredentials{}, retry.NewStandard(retryThrottled)),
		patient: newClient(cfg.AWS, aws.AnonymousCredentials{}, retry.NewStandard(retryBriefly)),
	}
	if p.timeout <= 0 {
		p.timeout = defaultTimeout
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if cfg.AWS.Credentials != nil {
		p.admin = newClient(cfg.AWS, cfg.AWS.Credentials, aws.NopRetryer{})
	}
	p.policy = newPasswordPolicy(p, cfg.PasswordPolicy)
	return p
}

func newClient(cfg aws.Config, credentials aws.CredentialsProvider, retryer aws.Retryer) *idp.Client {
	cfg.RetryMaxAttempts = 0 // each client has a retryer of its own
	return idp.NewFromConfig(cfg, func(o *idp.Options) {
		o.Credentials = credentials
		o.Retryer = retryer
	})
}

func retryBriefly(o *retry.StandardOptions) {
	o.MaxAttempts = 3
	o.Backoff = retry.NewExponentialJitterBackoff(250 * time.Millisecond)
}

func retryThrottled(o *retry.StandardOptions) {
	retryBriefly(o)
	o.Retryables = []retry.IsErrorRetryable{
		retry.RetryableErrorCode{Codes: map[string]struct{}{"TooManyRequestsException": {}}},
	}
}

// Name returns the pool's ID.
func (p *Provider) Name() string { return p.pool }

// send asks the pool, within the time limit of one call.
func send[In, Out any](ctx context.Context, p *Provider, ask func(context.Context, *In, ...func(*idp.Options)) (*Out, error), in *In) (*Out, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return ask(ctx, in)
}

// call is send with the error translated. The answer is nil when the pool returns
// an error that counts as a success.
func call[In, Out any](ctx context.Context, p *Provider, op operation, ask func(context.Context, *In, ...func(*idp.Options)) (*Out, error), in *In) (*Out, error) {
	out, err := send(ctx, p, ask, in)
	return out, p.translate(ctx, op, err)
}

// secretHash proves to the pool that we hold the client's secret. It is the base64 of
// HMAC-SHA256(secret, user name + client ID), and nil for a client without a secret.
func (p *Provider) secretHash(username string) *string {
	if p.secret.IsZero() {
		return nil
	}
	mac := hmac.New(sha256.New, []byte(p.secret.Reveal()))
	mac.Write([]byte(username + p.client))
	return aws.String(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// clientSecret returns the secret itself, which newer operations take in place of a
// hash. It is nil for a client without a secret.
func (p *Provider) clientSecret() *string {
	if p.secret.IsZero() {
		return nil
	}
	return aws.String(p.secret.Reveal())
}

// authParameters returns the parameters about the user that every sign-in step sends.
func (p *Provider) authParameters(username string) map[string]string {
	parameters := map[string]string{"USERNAME": username}
	if hash := p.secretHash(username); hash != nil {
		parameters["SECRET_HASH"] = *hash
	}
	return parameters
}
