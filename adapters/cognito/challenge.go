package cognito

import (
	"regexp"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// challenges maps each challenge that users can answer through this package to the
// response that it requires.
var challenges = map[string]string{
	"NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
	"SOFTWARE_TOKEN_MFA":    "SOFTWARE_TOKEN_MFA_CODE",
	"SMS_MFA":               "SMS_MFA_CODE",
	"EMAIL_OTP":             "EMAIL_OTP_CODE",
}

// newAttribute matches the responses to NEW_PASSWORD_REQUIRED that set further
// attributes which the pool requires. The app client decides which ones may be written.
var newAttribute = regexp.MustCompile(`^userAttributes\.[A-Za-z0-9_:.-]{1,64}$`)

// challengeResponses checks an answer and returns its responses. The caller adds the
// user's name to them.
func challengeResponses(answer ports.ChallengeAnswer) (map[string]string, error) {
	required, known := challenges[answer.Name]
	if !known {
		return nil, domain.Invalidf("challengeName", "a challenge is one of NEW_PASSWORD_REQUIRED, SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP")
	}
	if answer.Responses[required].IsZero() {
		return nil, domain.Invalidf("responses."+required, "%s is answered with %s", answer.Name, required)
	}
	responses := make(map[string]string, len(answer.Responses)+2)
	for name, value := range answer.Responses {
		switch {
		case name == required:
		case answer.Name == "NEW_PASSWORD_REQUIRED" && newAttribute.MatchString(name):
		case name == "USERNAME", name == "SECRET_HASH":
			return nil, domain.Invalidf("responses."+name, "%s must not be sent by the caller", name)
		default:
			return nil, domain.Invalidf(responseField(name), "%s is answered with %s and nothing else", answer.Name, required)
		}
		responses[name] = value.Reveal()
	}
	return responses, nil
}

// responseField returns the field of an unexpected response. It omits a name that is malformed.
func responseField(name string) string {
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "responses"
	}
	return "responses." + name
}

// shown lists the parameters of a challenge that a user needs to answer it. The
// others describe the account, or are answered by this package.
var shown = []string{"CODE_DELIVERY_DELIVERY_MEDIUM", "CODE_DELIVERY_DESTINATION", "FRIENDLY_DEVICE_NAME", "requiredAttributes"}

func shownParameters(parameters map[string]string) map[string]string {
	result := map[string]string{}
	for _, name := range shown {
		if value, given := parameters[name]; given {
			result[name] = value
		}
	}
	return result
}
