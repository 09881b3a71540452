package cognito

import (
	"time"

	"github.com/partywall-go/partywall/domain"
)

// verdict is what an exception means to the caller, and to the operator.
type verdict struct {
	success    bool // to the caller nothing went wrong
	kind       domain.Kind
	code       domain.Code
	field      string
	message    string
	retryAfter time.Duration
	mend       string // what the operator has to do; empty where nothing is to be mended
}

const (
	throttledFor = 2 * time.Second  // Cognito's quotas are counted by the second
	awayFor      = 5 * time.Second  // an outage
	lockedFor    = 15 * time.Minute // Cognito locks a user out for 15 minutes at most
)

var (
	success        = verdict{success: true}
	userExists     = refusal(domain.CodeUserExists)
	badCredentials = verdict{kind: domain.Unauthenticated, code: domain.CodeInvalidCredentials, message: "the e-mail address or the password is wrong"}
	badCode        = verdict{kind: domain.Invalid, code: domain.CodeCodeInvalid, field: "code", message: "the code is wrong, was used before, or has expired; ask for a new one"}
	badChallenge   = verdict{kind: domain.Unauthenticated, code: domain.CodeChallengeInvalid, message: "the answer is wrong, or the session has ended; sign in again"}
	badResponses   = verdict{kind: domain.Invalid, field: "responses", message: "the responses don't fit this challenge"}
	badRefresh     = verdict{kind: domain.Unauthenticated, code: domain.CodeRefreshInvalid, message: "the refresh token is unknown, expired or revoked; sign in again"}
	reusedRefresh  = verdict{kind: domain.Unauthenticated, code: domain.CodeRefreshReused, message: "the refresh token was exchanged before; sign in again"}
	badToken       = verdict{kind: domain.Unauthenticated, code: domain.CodeInvalidToken, message: "the access token is no longer honoured; sign in again"}
	notAnAddress   = verdict{kind: domain.Invalid, field: "email", message: "the e-mail address is malformed"}
	notConfirmed   = refusal(domain.CodeUserNotConfirmed)
	mustReset      = refusal(domain.CodePasswordReset)
	weakPassword   = verdict{kind: domain.Unprocessable, code: domain.CodePasswordPolicy, message: "the password is too weak, or was used before"}
	signUpRefused  = verdict{kind: domain.Unprocessable, code: domain.CodeSignUpRefused, message: "the sign-up was refused by the rules of this service"}
	triggerRefused = verdict{kind: domain.Unprocessable, message: "the request was refused by the rules of this service"}
	tooMany        = verdict{kind: domain.Limited, retryAfter: lockedFor, message: "too many attempts; try again later"}
	throttled      = verdict{kind: domain.Unavailable, code: domain.CodeIdentityProviderUnavailable, retryAfter: throttledFor, message: "the identity provider is busy; try again"}
	away           = verdict{kind: domain.Unavailable, code: domain.CodeIdentityProviderUnavailable, retryAfter: awayFor, message: "the identity provider can't be reached; try again"}
)

// refusal is the verdict whose error is that of [domain.NewError].
func refusal(code domain.Code) verdict {
	e := domain.NewError(code)
	return verdict{kind: e.Kind, code: code, field: e.Field, message: e.Message}
}

// alerting is v, told to the operator as well.
func alerting(v verdict, mend string) verdict {
	v.mend = mend
	return v
}

// misconfigured is our mistake, not the user's.
func misconfigured(mend string) verdict {
	return verdict{kind: domain.Internal, message: "the identity provider is misconfigured", mend: mend}
}

// always is the row of an exception that means the same everywhere.
func always(v verdict) row { return row{anywhere: v} }

// row says what one exception means, by operation.
type row map[operation]verdict

// anywhere is every operation that a row doesn't name.
const anywhere operation = ""

// judge looks the exception up in the table.
func judge(op operation, ex exception) verdict {
	for _, key := range []operation{op, anywhere} {
		if v, found := verdicts[ex][key]; found {
			return v
		}
	}
	return misconfigured("look up the exception in Cognito's API reference: " + string(op) + " isn't known to throw it")
}
