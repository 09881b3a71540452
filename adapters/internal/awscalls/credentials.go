package awscalls

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// noCredentials is the cause with which the SDK found no credentials, or found some
// that cannot be used.
type noCredentials struct{ err error }

func (e *noCredentials) Error() string { return e.err.Error() }
func (e *noCredentials) Unwrap() error { return e.err }

// Recognizable returns a configuration from whose errors [CredentialTrouble] can
// distinguish unavailable credentials from a service's answer: when credentials
// assume a role, STS may refuse it in the words in which a service refuses an action.
func Recognizable(cfg aws.Config) aws.Config {
	if from := cfg.Credentials; from != nil {
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			found, err := from.Retrieve(ctx)
			if err != nil {
				return aws.Credentials{}, &noCredentials{err}
			}
			return found, nil
		})
	}
	return cfg
}

// whoAmI is the command that shows the credentials in use.
const whoAmI = "aws sts get-caller-identity"

// CredentialTrouble reports whether the credentials of this machine caused err, rather than
// their permissions. If so, it returns what is wrong and how to fix it.
func CredentialTrouble(err error) (what, fix string, ok bool) {
	if none := noneOf(err); none != nil {
		return describeNone(none)
	}
	switch Code(err) {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired":
		return "the AWS credentials have expired", "get new ones, and start again: aws sso login, or take AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew from their source", true
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidToken", "AuthFailure":
		return "AWS does not have the access key, or its session token belongs to another key", "check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or the profile in AWS_PROFILE: " + whoAmI, true
	case "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException":
		return "the AWS secret key is not that of the access key, or the clock of this machine is minutes off", "check AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE: " + whoAmI, true
	case "RequestTimeTooSkewed":
		return "the clock of this machine is minutes off, so that AWS refuses what it signs", "set the clock: timedatectl set-ntp true", true
	case "MissingAuthenticationToken", "MissingAuthenticationTokenException":
		return "the request had no AWS credentials", "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE: " + whoAmI, true
	}
	return "", "", false
}

func noneOf(err error) *noCredentials {
	none, _ := errors.AsType[*noCredentials](err)
	return none
}

func notSent(err error) bool {
	_, ok := errors.AsType[*smithyhttp.RequestSendError](err)
	return ok
}

func describeNone(none *noCredentials) (what, fix string, ok bool) {
	text := OneLine(none)
	switch {
	case strings.Contains(text, "SSO") || strings.Contains(text, "sso"):
		return "the AWS SSO login has expired, or there was none: " + text, "log in again: aws sso login, with --profile where AWS_PROFILE names one", true
	case strings.Contains(text, "ec2imds"): // this is not one of AWS's machines
	case notSent(none):
		return "cannot fetch the AWS credentials: " + text, "check this machine's route to the source of the credentials: NAT gateway, or VPC endpoint com.amazonaws.REGION.sts", true
	case Code(none.err) != "": // of STS
		return fmt.Sprintf("cannot assume the AWS role (%s)", Code(none.err)), "check the role's trust policy, and AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE or the profile in AWS_PROFILE: " + whoAmI, true
	}
	return "this machine has no AWS credentials: " + text, "give the instance, task or pod a role; on a machine of your own run `aws configure`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; then: " + whoAmI, true
}
