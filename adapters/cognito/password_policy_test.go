package cognito_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/domain"
)

func TestARefusedPasswordIsAnsweredWithThePolicy(t *testing.T) {
	described := answer{body: map[string]any{"UserPool": map[string]any{"Policies": map[string]any{"PasswordPolicy": map[string]any{
		"MinimumLength": 12, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true, "RequireSymbols": true, "PasswordHistorySize": 5,
	}}}}}
	const sentence = "at least 12 characters, an upper-case letter, a lower-case letter, a digit, a symbol; none of the last 5 passwords"
	for _, tc := range []struct {
		name     string
		setUp    func(*cognito.Config)
		says     answer
		want     string
		describe int // times
	}{
		{"from the pool, which is asked once", withCredentials, described, sentence, 1},
		{"from the configuration, and the pool is not asked", func(c *cognito.Config) { withCredentials(c); c.PasswordPolicy = "four words" }, described, "four words", 0},
		{"not, where there are no credentials", func(*cognito.Config) {}, described, "", 0},
		{"omitted without the right to ask, which is attempted once", withCredentials, throws("AccessDeniedException"), "", 1},
		{"omitted when the pool has none", withCredentials, answer{}, "", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(t)
			s.on("DescribeUserPool", tc.says)
			cfg := s.config()
			tc.setUp(&cfg)
			p := cognito.New(cfg)
			for operation, field := range map[string]string{"SignUp": "password", "ConfirmForgotPassword": "newPassword", "RespondToAuthChallenge": "responses.NEW_PASSWORD"} {
				s.on(operation, throws("InvalidPasswordException"))
				err := asks[operation](t.Context(), s, p)
				checkError(t, err, domain.Unprocessable, domain.CodePasswordPolicy)
				e, _ := errors.AsType[*domain.Error](err)
				if e.Field != field || e.Details["policy"] != tc.want || !strings.HasSuffix(e.Message, tc.want) {
					t.Errorf("%s: %q on %q, details %v", operation, e.Message, e.Field, e.Details)
				}
			}
			if n := len(s.sent("DescribeUserPool")); n != tc.describe {
				t.Errorf("the pool was described %d times, want %d", n, tc.describe)
			}
		})
	}
}

func TestManyRefusedPasswordsDescribeThePoolOnce(t *testing.T) {
	s := newScript(t)
	s.on("SignUp", throws("InvalidPasswordException"))
	s.on("DescribeUserPool", answer{})
	cfg := s.config()
	withCredentials(&cfg)
	p := cognito.New(cfg)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := p.SignUp(t.Context(), ada, secret(password)); !errors.Is(err, domain.CodePasswordPolicy) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(s.sent("DescribeUserPool")); n != 1 {
		t.Errorf("the pool was described %d times", n)
	}
}

func withCredentials(cfg *cognito.Config) {
	cfg.AWS.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
}
