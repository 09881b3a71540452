package cognito

import (
	"time"

	"github.com/partywall-go/partywall/domain"
)

// verdict is what an exception means to the caller and to the operator.
type verdict struct {
	answer *domain.Error // for the caller; nil: a success
	fix    string        // what the operator has to change; empty: nothing
}

const (
	throttledFor = 2 * time.Second  // Cognito's quotas are counted by the second
	awayFor      = 5 * time.Second  // an outage
	lockedFor    = 15 * time.Minute // Cognito locks a user out for 15 minutes at most
)

var (
	success        = verdict{}
	userExists     = usual(domain.CodeUserExists)
	badCredentials = usual(domain.CodeInvalidCredentials)
	badCode        = usual(domain.CodeCodeInvalid)
	badChallenge   = usual(domain.CodeChallengeInvalid)
	badResponses   = verdict{answer: domain.Invalidf("responses", "the responses do not fit this challenge")}
	badRefresh     = usual(domain.CodeRefreshInvalid)
	reusedRefresh  = usual(domain.CodeRefreshReused)
	badToken       = usual(domain.CodeInvalidToken)
	lacksScope     = verdict{answer: domain.NewError(domain.CodeInsufficientScope).WithMessage("the access token lacks the scope aws.cognito.signin.user.admin, which reading your address requires; sign in by this API, or ask for that scope")}
	notAnAddress   = verdict{answer: domain.Invalidf("email", "the e-mail address is malformed")}
	notConfirmed   = usual(domain.CodeUserNotConfirmed)
	mustReset      = usual(domain.CodePasswordReset)
	weakPassword   = usual(domain.CodePasswordPolicy)
	signUpRefused  = usual(domain.CodeSignUpRefused)
	triggerRefused = verdict{answer: domain.Errorf(domain.Unprocessable, "the request was refused by the rules of this service")}
	tooMany        = verdict{answer: domain.Limitedf(lockedFor, "too many attempts; try again later")}
	throttled      = unavailable(throttledFor)
	away           = unavailable(awayFor)
)

// usual returns the verdict with the default error of the code.
func usual(code domain.Code) verdict { return verdict{answer: domain.NewError(code)} }

func unavailable(wait time.Duration) verdict {
	return verdict{answer: domain.NewError(domain.CodeIdentityProviderUnavailable).WithRetryAfter(wait)}
}

// alerting returns v with a fix, so that it is also reported to the operator.
func alerting(v verdict, fix string) verdict {
	v.fix = fix
	return v
}

// misconfigured is the verdict on a mistake of the operator.
func misconfigured(fix string) verdict {
	return verdict{answer: domain.Errorf(domain.Internal, "the identity provider is misconfigured"), fix: fix}
}

// always is the row of an exception that means the same at every operation.
func always(v verdict) row { return row{anywhere: v} }

// row maps operations to what one exception means there.
type row map[operation]verdict

// anywhere stands for every operation that a row does not name.
const anywhere operation = ""

// judge returns the table's verdict on the exception.
func judge(op operation, ex exception) verdict {
	for _, key := range []operation{op, anywhere} {
		if v, found := verdicts[ex][key]; found {
			return v
		}
	}
	return misconfigured("look up the exception in Cognito's API reference: " + string(op) + " is not known to return it")
}
