package cognito_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestSigningInReturnsTokens(t *testing.T) {
	s := newScript(t)
	s.on("InitiateAuth", answer{body: authenticated(nil)})
	step, err := s.provider().SignIn(t.Context(), ada, secret(password))
	if err != nil {
		t.Fatal(err)
	}
	want := ports.SignIn{Tokens: ports.Tokens{
		Access: secret(jwt(1_000_000, 1_000_900)), ID: secret(jwt(1_000_000, 1_000_900)), Refresh: secret("a new refresh token"),
		ExpiresIn: time.Hour, Type: "Bearer",
	}}
	if step != want {
		t.Errorf("got %+v, want %+v", step, want)
	}
	wantSent(t, s, "InitiateAuth", map[string]any{
		"ClientId": clientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]any{"USERNAME": ada.String(), "PASSWORD": password, "SECRET_HASH": secretHashOf(ada.String())},
	})
}

func TestWhatAnAnswerLacksIsFilledInFromTheToken(t *testing.T) {
	s := newScript(t)
	s.on("InitiateAuth", answer{body: authenticated(map[string]any{"ExpiresIn": nil, "TokenType": nil})})
	step, err := s.provider().SignIn(t.Context(), ada, secret(password))
	if err != nil || step.Tokens.ExpiresIn != 15*time.Minute || step.Tokens.Type != "Bearer" {
		t.Errorf("got %+v, %v", step.Tokens, err)
	}
}

func TestAnAnswerThatMakesNoSenseIsAnOutage(t *testing.T) {
	for name, says := range map[string]answer{
		"nothing":                {},
		"no access token":        {body: authenticated(map[string]any{"AccessToken": nil})},
		"no ID token":            {body: authenticated(map[string]any{"IdToken": nil})},
		"no lifetime anywhere":   {body: authenticated(map[string]any{"ExpiresIn": nil, "AccessToken": "opaque"})},
		"a token that lies":      {body: authenticated(map[string]any{"ExpiresIn": nil, "AccessToken": jwt(2_000_000, 1)})},
		"a token without end":    {body: authenticated(map[string]any{"ExpiresIn": nil, "AccessToken": jwt(1, 1<<60)})},
		"what isn't JSON":        {raw: "<html>hello"},
		"half of it":             {raw: `{"AuthenticationResult": {"AccessToken": "a`},
		"a list":                 {raw: `[]`},
		"a number for a token":   {raw: `{"AuthenticationResult": {"AccessToken": 1}}`},
		"an error without name":  {status: 400, raw: `{}`},
		"an error that is a web": {status: 404, raw: "<html>no such page"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("InitiateAuth", says)
			step, err := s.provider().SignIn(t.Context(), ada, secret(password))
			checkError(t, err, domain.Unavailable, domain.CodeIdentityProviderUnavailable)
			if step != (ports.SignIn{}) {
				t.Errorf("it also returned %+v", step)
			}
		})
	}
}

func TestAChallengeIsAnsweredUnderTheNameThatCameWithIt(t *testing.T) {
	for name, response := range map[string]string{
		"NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
		"SOFTWARE_TOKEN_MFA":    "SOFTWARE_TOKEN_MFA_CODE",
		"SMS_MFA":               "SMS_MFA_CODE",
		"EMAIL_OTP":             "EMAIL_OTP_CODE",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("InitiateAuth", answer{body: challenged(name, nil)})
			s.on("RespondToAuthChallenge", answer{body: authenticated(nil)})
			step, err := s.provider().SignIn(t.Context(), ada, secret(password))
			if err != nil || step.Challenge == nil || step.Challenge.Name != name || step.Tokens != (ports.Tokens{}) {
				t.Fatalf("got %+v, %v", step, err)
			}
			// Another process answers.
			step, err = s.provider().RespondToChallenge(t.Context(), ada, ports.ChallengeAnswer{
				Name: name, Session: step.Challenge.Session, Responses: map[string]domain.Secret{response: secret(code)},
			})
			if err != nil || step.Challenge != nil || step.Tokens.Access.IsZero() {
				t.Fatalf("got %+v, %v", step, err)
			}
			sent := s.sent("RespondToAuthChallenge")
			want := map[string]any{
				"ClientId": clientID, "ChallengeName": name, "Session": "a-session-of-at-least-20",
				"ChallengeResponses": map[string]any{"USERNAME": subject, "SECRET_HASH": secretHashOf(subject), response: code},
			}
			if len(sent) != 1 || !reflect.DeepEqual(sent[0].body, want) {
				t.Errorf("sent %+v, want %v", sent, want)
			}
		})
	}
}

func TestChallengesFollowOneAnother(t *testing.T) {
	s := newScript(t)
	s.on("InitiateAuth", answer{body: challenged("NEW_PASSWORD_REQUIRED", nil)})
	second := challenged("SMS_MFA", nil)
	delete(second["ChallengeParameters"].(map[string]string), "USER_ID_FOR_SRP")
	s.on("RespondToAuthChallenge", answer{body: second}, answer{body: authenticated(nil)})
	p := s.provider()
	step, err := p.SignIn(t.Context(), ada, secret(password))
	for _, answer := range []ports.ChallengeAnswer{
		{Name: "NEW_PASSWORD_REQUIRED", Responses: map[string]domain.Secret{"NEW_PASSWORD": secret(password), "userAttributes.given_name": secret("Ada")}},
		{Name: "SMS_MFA", Responses: map[string]domain.Secret{"SMS_MFA_CODE": secret(code)}},
	} {
		if err != nil || step.Challenge == nil || step.Challenge.Name != answer.Name {
			t.Fatalf("got %+v, %v; want %s", step, err, answer.Name)
		}
		answer.Session = step.Challenge.Session
		step, err = p.RespondToChallenge(t.Context(), ada, answer)
	}
	if err != nil || step.Tokens.Access.IsZero() {
		t.Fatalf("got %+v, %v", step, err)
	}
	for _, r := range s.sent("RespondToAuthChallenge") {
		if responses := r.body["ChallengeResponses"].(map[string]any); responses["USERNAME"] != subject || responses["SECRET_HASH"] != secretHashOf(subject) {
			t.Errorf("answered as %v", responses)
		}
	}
}

func TestAChallengeContainsOnlyWhatIsNeededToAnswerIt(t *testing.T) {
	s := newScript(t)
	s.on("InitiateAuth", answer{body: challenged("NEW_PASSWORD_REQUIRED", map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+***1234", "FRIENDLY_DEVICE_NAME": "phone",
		"requiredAttributes": `["userAttributes.given_name"]`, "userAttributes": `{"email":"ada@example.com","custom:salary":"1"}`, "SECRET_BLOCK": "x",
	})})
	step, err := s.provider().SignIn(t.Context(), ada, secret(password))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+***1234", "FRIENDLY_DEVICE_NAME": "phone",
		"requiredAttributes": `["userAttributes.given_name"]`,
	}
	if !reflect.DeepEqual(step.Challenge.Parameters, want) {
		t.Errorf("got %v, want %v", step.Challenge.Parameters, want)
	}
}

func TestASessionIsValidOnlyForItsAddress(t *testing.T) {
	s := newScript(t)
	s.on("RespondToAuthChallenge", answer{body: authenticated(nil)})
	session := sealedSession(t.Context(), s).Reveal()
	mac, rest, _ := strings.Cut(session, ".")
	other := s.config()
	other.ClientSecret = secret("another client's secret")
	for name, tc := range map[string]struct {
		email   domain.Email
		session string
		p       *cognito.Provider
	}{
		"another address":       {mustEmail("bob@example.com"), session, s.provider()},
		"another session":       {ada, session + "x", s.provider()},
		"another user name":     {ada, mac + ".Ym9i." + strings.SplitN(rest, ".", 2)[1], s.provider()},
		"another secret":        {ada, session, cognito.New(other)},
		"Cognito's own session": {ada, "a-session-of-at-least-20", s.provider()},
		"no session":            {ada, "", s.provider()},
		"nonsense":              {ada, "a.b.c", s.provider()},
		"padding":               {ada, mac + "=." + rest, s.provider()},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tc.p.RespondToChallenge(t.Context(), tc.email, ports.ChallengeAnswer{
				Name: "SMS_MFA", Session: secret(tc.session), Responses: map[string]domain.Secret{"SMS_MFA_CODE": secret(code)},
			})
			checkError(t, err, domain.Unauthenticated, domain.CodeChallengeInvalid)
		})
	}
	if sent := s.sent(""); len(sent) != 0 {
		t.Errorf("the pool was asked: %v", sent)
	}
	t.Run("in any spelling", func(t *testing.T) {
		_, err := s.provider().RespondToChallenge(t.Context(), mustEmail(ada.Key()), ports.ChallengeAnswer{
			Name: "SMS_MFA", Session: secret(session), Responses: map[string]domain.Secret{"SMS_MFA_CODE": secret(code)},
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAnswersThatFitNoChallengeNameTheField(t *testing.T) {
	s := newScript(t)
	good := secret("123456")
	for _, tc := range []struct {
		challenge string
		responses map[string]domain.Secret
		field     string
	}{
		{"", map[string]domain.Secret{"SMS_MFA_CODE": good}, "challengeName"},
		{"sms_mfa", map[string]domain.Secret{"SMS_MFA_CODE": good}, "challengeName"},
		{"CUSTOM_CHALLENGE", map[string]domain.Secret{"ANSWER": good}, "challengeName"},
		{"SMS_MFA", nil, "responses.SMS_MFA_CODE"},
		{"SMS_MFA", map[string]domain.Secret{"SMS_MFA_CODE": {}}, "responses.SMS_MFA_CODE"},
		{"SMS_MFA", map[string]domain.Secret{"SMS_MFA_CODE": good, "USERNAME": good}, "responses.USERNAME"},
		{"SMS_MFA", map[string]domain.Secret{"SMS_MFA_CODE": good, "SECRET_HASH": good}, "responses.SECRET_HASH"},
		{"SMS_MFA", map[string]domain.Secret{"SMS_MFA_CODE": good, "DEVICE_KEY": good}, "responses.DEVICE_KEY"},
		{"SMS_MFA", map[string]domain.Secret{"SMS_MFA_CODE": good, "userAttributes.name": good}, "responses.userAttributes.name"},
		{"SMS_MFA", map[string]domain.Secret{"SMS_MFA_CODE": good, "a\nb": good}, "responses"},
		{"SOFTWARE_TOKEN_MFA", map[string]domain.Secret{"SMS_MFA_CODE": good}, "responses.SOFTWARE_TOKEN_MFA_CODE"},
		{"EMAIL_OTP", map[string]domain.Secret{"CODE": good}, "responses.EMAIL_OTP_CODE"},
		{"NEW_PASSWORD_REQUIRED", map[string]domain.Secret{"NEW_PASSWORD": good, "userAttributes.a b": good}, "responses"},
		{"NEW_PASSWORD_REQUIRED", map[string]domain.Secret{"NEW_PASSWORD": good, "userAttributes.": good}, "responses.userAttributes."},
	} {
		_, err := s.provider().RespondToChallenge(t.Context(), ada, ports.ChallengeAnswer{Name: tc.challenge, Session: secret("x"), Responses: tc.responses})
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != tc.field {
			t.Errorf("%s with %v: %v; want an invalid %s", tc.challenge, tc.responses, err, tc.field)
		}
	}
	if sent := s.sent(""); len(sent) != 0 {
		t.Errorf("the pool was asked: %v", sent)
	}
}

func TestAChallengeThatCannotBeAnsweredHereIsAMisconfiguration(t *testing.T) {
	for _, name := range []string{"MFA_SETUP", "SELECT_MFA_TYPE", "CUSTOM_CHALLENGE", "DEVICE_SRP_AUTH", "PASSWORD_VERIFIER", "SOMETHING_NEW"} {
		s := newScript(t)
		s.on("InitiateAuth", answer{body: challenged(name, nil)})
		_, err := s.provider().SignIn(t.Context(), ada, secret(password))
		checkError(t, err, domain.Internal, "internal")
		if !strings.Contains(s.logs.String(), `"fix":`) {
			t.Errorf("%s: no alert is logged: %s", name, s.logs)
		}
	}
}

func TestWhatNoPoolTakesIsRefusedWithoutAsking(t *testing.T) {
	s := newScript(t)
	p := s.provider()
	long := mustEmail(strings.Repeat("a", 120) + "@example.com")
	signIn := func(email domain.Email, password string) error {
		_, err := p.SignIn(t.Context(), email, secret(password))
		return err
	}
	for name, tc := range map[string]struct {
		err  error
		code domain.Code
	}{
		"signing in without a password":        {signIn(ada, ""), domain.CodeInvalidCredentials},
		"signing in with a password of a book": {signIn(ada, strings.Repeat("x", 257)), domain.CodeInvalidCredentials},
		"signing in with an endless address":   {signIn(long, password), domain.CodeInvalidCredentials},
		"confirming an endless address":        {p.ConfirmSignUp(t.Context(), long, secret(code)), domain.CodeCodeInvalid},
		"confirming without a code":            {p.ConfirmSignUp(t.Context(), ada, secret("")), domain.CodeCodeInvalid},
		"resetting without a code":             {p.ResetPassword(t.Context(), ada, secret(""), secret(password)), domain.CodeCodeInvalid},
		"resetting to no password":             {p.ResetPassword(t.Context(), ada, secret(code), secret("")), domain.CodePasswordPolicy},
		"signing out without a token":          {p.SignOutEverywhere(t.Context(), secret("")), domain.CodeInvalidToken},
	} {
		if domain.CodeOf(tc.err) != tc.code {
			t.Errorf("%s: %v, want %s", name, tc.err, tc.code)
		}
	}
	for name, err := range map[string]error{
		"resending to an endless address":  p.ResendCode(t.Context(), long),
		"forgetting at an endless address": p.ForgotPassword(t.Context(), long),
		"revoking nothing":                 p.Revoke(t.Context(), secret("")),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent := s.sent(""); len(sent) != 0 {
		t.Errorf("the pool was asked: %v", sent)
	}
}
