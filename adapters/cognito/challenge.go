package cognito

import (
	"regexp"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// challenges are those that people can answer here, each with the response that
// it can't do without.
var challenges = map[string]string{
	"NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
	"SOFTWARE_TOKEN_MFA":    "SOFTWARE_TOKEN_MFA_CODE",
	"SMS_MFA":               "SMS_MFA_CODE",
	"EMAIL_OTP":             "EMAIL_OTP_CODE",
}

// newAttribute is how NEW_PASSWORD_REQUIRED may be given what else the pool
// wants to know of the user. What may be written is the app client's to say.
var newAttribute = regexp.MustCompile(`^userAttributes\.[A-Za-z0-9_:.-]{1,64}$`)

// challengeResponses checks an answer and returns its responses, to which the
// user's name is still to be added.
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
			return nil, domain.Invalidf("responses."+name, "%s is never given by the caller", name)
		default:
			return nil, domain.Invalidf(responseField(name), "%s is answered with %s and nothing else", answer.Name, required)
		}
		responses[name] = value.Reveal()
	}
	return responses, nil
}

// responseField names a response that nobody knows, unless its name is no name.
func responseField(name string) string {
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "responses"
	}
	return "responses." + name
}

// shown are the parameters of a challenge that a person needs to answer it. The
// others tell of the account, or are ours to answer.
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
