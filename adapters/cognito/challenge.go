package cognito

import (
	"regexp"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// newAttribute matches the responses to NEW_PASSWORD_REQUIRED that set further
// attributes which the pool requires. The app client decides which ones may be written.
var newAttribute = regexp.MustCompile(`^userAttributes\.[A-Za-z0-9_:.-]{1,64}$`)

// challengeResponses checks an answer and returns its responses. The caller adds the
// user's name to them.
func challengeResponses(answer ports.ChallengeAnswer) (map[string]string, error) {
	required, err := ports.ResponseTo(answer.Name)
	if err != nil {
		return nil, err
	}
	if answer.Responses[required].IsZero() {
		return nil, domain.Invalidf("responses."+required, "%s is answered with %s", answer.Name, required)
	}
	responses := make(map[string]string, len(answer.Responses)+2)
	for name, value := range answer.Responses {
		switch {
		case name == required:
		case answer.Name == ports.ChallengeNewPassword && newAttribute.MatchString(name):
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
var shown = []string{"CODE_DELIVERY_DELIVERY_MEDIUM", ports.ParameterDestination, "FRIENDLY_DEVICE_NAME", "requiredAttributes"}

func shownParameters(parameters map[string]string) map[string]string {
	result := map[string]string{}
	for _, name := range shown {
		if value, given := parameters[name]; given {
			result[name] = value
		}
	}
	return result
}
