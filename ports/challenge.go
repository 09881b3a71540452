package ports

import (
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// The names of challenges, as in Cognito's API.
const (
	ChallengeNewPassword = "NEW_PASSWORD_REQUIRED"
	ChallengeTOTP        = "SOFTWARE_TOKEN_MFA"
	ChallengeSMS         = "SMS_MFA"
	ChallengeEmail       = "EMAIL_OTP"
)

// ParameterDestination is the parameter of a [Challenge] that says where its code was
// sent.
const ParameterDestination = "CODE_DELIVERY_DESTINATION"

// challenges are the challenges that users can answer, each with the response that it
// requires.
var challenges = []struct{ name, response string }{
	{ChallengeNewPassword, "NEW_PASSWORD"},
	{ChallengeTOTP, "SOFTWARE_TOKEN_MFA_CODE"},
	{ChallengeSMS, "SMS_MFA_CODE"},
	{ChallengeEmail, "EMAIL_OTP_CODE"},
}

// ResponseTo returns the name of the response that the challenge requires. A name that
// is no challenge is [domain.Invalid] on field "challengeName".
func ResponseTo(challenge string) (string, error) {
	var names []string
	for _, c := range challenges {
		if c.name == challenge {
			return c.response, nil
		}
		names = append(names, c.name)
	}
	return "", domain.Invalidf("challengeName", "a challenge is one of %s", strings.Join(names, ", "))
}

// Challenge is a question that the user must answer before the provider returns
// tokens.
type Challenge struct {
	Name       string            // such as [ChallengeNewPassword]
	Session    domain.Secret     // to be sent back with the answer
	Parameters map[string]string // what the user needs to answer
}

// ChallengeAnswer answers a [Challenge].
type ChallengeAnswer struct {
	Name      string
	Session   domain.Secret
	Responses map[string]domain.Secret // what [ResponseTo] names, and what else the provider asks for
}
