package idp

import (
	"context"
	"errors"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// The errors that callers see. A wrong code and an address without an account are the
// same error, and so are a wrong password and an address without an account.
var (
	errUserExists         = domain.NewError(domain.CodeUserExists)
	errCodeInvalid        = domain.NewError(domain.CodeCodeInvalid)
	errInvalidCredentials = domain.NewError(domain.CodeInvalidCredentials)
	errUserNotConfirmed   = domain.NewError(domain.CodeUserNotConfirmed)
	errInvalidToken       = domain.NewError(domain.CodeInvalidToken)
	errRefreshInvalid     = domain.NewError(domain.CodeRefreshInvalid)
	errRefreshReused      = domain.NewError(domain.CodeRefreshReused)
	errChallengeInvalid   = domain.NewError(domain.CodeChallengeInvalid)
)

// invalidToken refuses an access token. The reason appears only in the log.
func invalidToken(reason string) error {
	err := domain.NewError(domain.CodeInvalidToken)
	err.Err = errors.New(reason)
	return err
}

// identityError is the only place where the errors of the user store, and unexpected
// failures, become those of [ports.IdentityProvider].
func identityError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, domain.CodeIdentityProviderUnavailable): // the hasher's error, whose message says what to do
		return err
	case errors.Is(err, domain.Unavailable):
		return domain.NewError(domain.CodeIdentityProviderUnavailable).WithMessage("signing in is out of order at this moment; try again soon").WithRetryAfter(retryAfter(err)).WithCause(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, domain.CodeInvalidCredentials):
		return errInvalidCredentials
	case errors.Is(err, domain.CodeUserExists):
		return errUserExists
	case errors.Is(err, domain.CodeCodeInvalid):
		return errCodeInvalid
	case errors.Is(err, domain.CodeRefreshReused):
		return errRefreshReused
	case errors.Is(err, domain.CodeRefreshInvalid):
		return errRefreshInvalid
	default:
		return domain.Errorf(domain.Internal, "the identity provider failed").WithCause(err)
	}
}

// identityErrorOr is identityError, but returns absent if the user does not exist.
func identityErrorOr(err, absent error) error {
	if errors.Is(err, domain.NotFound) {
		return absent
	}
	return identityError(err)
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return time.Second
}
