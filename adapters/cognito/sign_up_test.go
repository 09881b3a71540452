package cognito_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// secretHashOf is SECRET_HASH as the Cognito Developer Guide defines it.
func secretHashOf(username string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestSigningUp(t *testing.T) {
	t.Run("sends the address itself, and returns what the pool made of it", func(t *testing.T) {
		s := newScript(t)
		s.on("SignUp", answer{body: map[string]any{
			"UserSub": subject, "UserConfirmed": false,
			"CodeDeliveryDetails": map[string]any{"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"},
		}})
		user, err := s.provider().SignUp(t.Context(), ada, secret(password))
		if err != nil {
			t.Fatal(err)
		}
		want := ports.CreatedUser{
			Identity: mustIdentity(t, subject),
			Delivery: &ports.CodeDelivery{Destination: "a***@e***", Medium: "EMAIL", Attribute: "email"},
		}
		if !reflect.DeepEqual(user, want) {
			t.Errorf("got %+v, want %+v", user, want)
		}
		wantSent(t, s, "SignUp", map[string]any{
			"ClientId": clientID, "Username": ada.String(), "Password": password, "SecretHash": secretHashOf(ada.String()),
			"UserAttributes": []any{map[string]any{"Name": "email", "Value": ada.String()}},
		})
	})
	t.Run("sends the domain in ASCII, at every operation", func(t *testing.T) {
		s := newScript(t)
		ada, want := mustEmail("Ada@M\u00fcnchen.example"), "Ada@xn--mnchen-3ya.example"
		s.on("SignUp", answer{body: map[string]any{"UserSub": subject}})
		for _, operation := range []string{"ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword", "ConfirmForgotPassword"} {
			s.on(operation, answer{})
		}
		s.on("InitiateAuth", answer{body: authenticated(nil)})
		p, ctx := s.provider(), t.Context()
		_, signingUp := p.SignUp(ctx, ada, secret(password))
		_, signingIn := p.SignIn(ctx, ada, secret(password))
		if err := errors.Join(signingUp, signingIn, p.ConfirmSignUp(ctx, ada, secret(code)), p.ResendCode(ctx, ada), p.ForgotPassword(ctx, ada), p.ResetPassword(ctx, ada, secret(code), secret(password))); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.sent("") {
			name, hash := r.body["Username"], r.body["SecretHash"]
			if parameters, ok := r.body["AuthParameters"].(map[string]any); ok {
				name, hash = parameters["USERNAME"], parameters["SECRET_HASH"]
			}
			if name != want || hash != secretHashOf(want) {
				t.Errorf("%s names %v, by the hash %v", r.operation, name, hash)
			}
		}
		if got := s.sent("SignUp")[0].body["UserAttributes"]; !reflect.DeepEqual(got, []any{map[string]any{"Name": "email", "Value": want}}) {
			t.Errorf("the attributes are %v", got)
		}
	})
	t.Run("may confirm at once and send nothing", func(t *testing.T) {
		s := newScript(t)
		s.on("SignUp", answer{body: map[string]any{"UserSub": subject, "UserConfirmed": true}})
		user, err := s.provider().SignUp(t.Context(), ada, secret(password))
		if err != nil || !user.Confirmed || user.Delivery != nil {
			t.Errorf("got %+v, %v", user, err)
		}
	})
	t.Run("refuses an address that is longer than a pool's user names", func(t *testing.T) {
		s := newScript(t)
		_, err := s.provider().SignUp(t.Context(), mustEmail(strings.Repeat("a", 120)+"@example.com"), secret(password))
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "email" || len(s.sent("")) != 0 {
			t.Errorf("got %v after %d requests", err, len(s.sent("")))
		}
	})
}

func TestASignUpWhoseCodeIsNotDelivered(t *testing.T) {
	undelivered := throws("CodeDeliveryFailureException")
	found := func(status string) answer {
		return answer{body: map[string]any{"UserStatus": status, "UserAttributes": []any{map[string]any{"Name": "sub", "Value": subject}}}}
	}
	for _, tc := range []struct {
		name    string
		open    func(*script) *cognito.Provider
		lookUp  answer
		want    domain.Identity
		lookUps int
	}{
		{"is a success, and the subject is looked up", credentialed, found("UNCONFIRMED"), mustIdentity(t, subject), 1},
		{"never returns the subject of a user who was confirmed before", credentialed, found("CONFIRMED"), domain.Identity{}, 1},
		{"is a success without the subject where a look-up is not allowed", credentialed, throws("AccessDeniedException"), domain.Identity{}, 1},
		{"is a success without the subject where there are no credentials", (*script).provider, found("UNCONFIRMED"), domain.Identity{}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t)
			s.on("SignUp", undelivered)
			s.on("AdminGetUser", tc.lookUp)
			user, err := tc.open(s).SignUp(t.Context(), ada, secret(password))
			if err != nil || user.Identity != tc.want || user.Confirmed || user.Delivery != nil {
				t.Errorf("got %+v, %v; want the identity %v", user, err, tc.want)
			}
			lookUps := s.sent("AdminGetUser")
			if len(lookUps) != tc.lookUps || len(s.sent("SignUp")) != 1 {
				t.Errorf("%d look-ups, %d sign-ups", len(lookUps), len(s.sent("SignUp")))
			}
			for _, r := range lookUps {
				if r.body["Username"] != ada.String() || r.body["UserPoolId"] != pool || !strings.HasPrefix(r.header.Get("Authorization"), "AWS4-HMAC-SHA256") {
					t.Errorf("looked up by %v, signed %q", r.body, r.header.Get("Authorization"))
				}
			}
		})
	}
}

func TestWhatIsSentAboutAnAccount(t *testing.T) {
	for operation, want := range map[string]map[string]any{
		"ConfirmSignUp":          {"ConfirmationCode": code},
		"ResendConfirmationCode": {},
		"ForgotPassword":         {},
		"ConfirmForgotPassword":  {"ConfirmationCode": code, "Password": password},
	} {
		t.Run(operation, func(t *testing.T) {
			s := newScript(t)
			s.on(operation, answer{})
			if err := asks[operation](t.Context(), s, s.provider()); err != nil {
				t.Fatal(err)
			}
			want["ClientId"], want["Username"], want["SecretHash"] = clientID, ada.String(), secretHashOf(ada.String())
			wantSent(t, s, operation, want)
		})
	}
}

func TestAClientWithoutASecretSendsNone(t *testing.T) {
	for operation, ask := range asks {
		s := newScript(t)
		cfg := s.config()
		cfg.ClientSecret = domain.Secret{}
		ask(t.Context(), s, cognito.New(cfg))
		for _, r := range s.sent(operation) {
			parameters, _ := r.body["AuthParameters"].(map[string]any)
			if r.body["SecretHash"] != nil || r.body["ClientSecret"] != nil || parameters["SECRET_HASH"] != nil {
				t.Errorf("%s sent %v", operation, r.body)
			}
		}
	}
}

func TestNoRequestAboutUsersIsSigned(t *testing.T) {
	for operation, ask := range asks {
		s := newScript(t)
		cfg := s.config()
		cfg.AWS.Credentials = aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""))
		ask(t.Context(), s, cognito.New(cfg))
		sent := s.sent(operation)
		if len(sent) == 0 {
			t.Errorf("%s wasn't sent", operation)
		}
		for _, r := range sent {
			if got := r.header.Get("Authorization"); got != "" {
				t.Errorf("%s is signed: %s", operation, got)
			}
		}
	}
}

func TestTheUserOfAnAccessToken(t *testing.T) {
	attributes := func(pairs ...string) answer {
		var list []any
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, map[string]any{"Name": pairs[i], "Value": pairs[i+1]})
		}
		return answer{body: map[string]any{"Username": "somebody", "UserAttributes": list}}
	}
	who := mustIdentity(t, subject)
	for _, tc := range []struct {
		name string
		says answer
		want ports.User
	}{
		{"has a verified address", attributes("sub", subject, "email", ada.String(), "email_verified", "true"), ports.User{Identity: who, Email: ada, EmailVerified: true}},
		{"has one that isn't verified", attributes("sub", subject, "email", ada.String(), "email_verified", "false"), ports.User{Identity: who, Email: ada}},
		{"has one without the attribute", attributes("sub", subject, "email", ada.String()), ports.User{Identity: who, Email: ada}},
		{"has no address", attributes("sub", subject, "email_verified", "true"), ports.User{Identity: who}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t)
			s.on("GetUser", tc.says)
			user, err := s.provider().User(t.Context(), secret(accessToken))
			if err != nil || user != tc.want {
				t.Errorf("got %+v, %v; want %+v", user, err, tc.want)
			}
			wantSent(t, s, "GetUser", map[string]any{"AccessToken": accessToken})
		})
	}
}

// wantSent fails unless exactly one request was sent, with exactly this body.
func wantSent(t *testing.T, s *script, operation string, want map[string]any) {
	t.Helper()
	sent := s.sent("")
	if len(sent) != 1 || sent[0].operation != operation || !reflect.DeepEqual(sent[0].body, want) {
		t.Errorf("sent %+v, want one %s %v", sent, operation, want)
	}
}

func mustIdentity(t *testing.T, subject string) domain.Identity {
	t.Helper()
	who, err := domain.NewIdentity(pool, subject)
	if err != nil {
		t.Fatal(err)
	}
	return who
}
