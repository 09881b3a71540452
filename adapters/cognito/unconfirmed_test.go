package cognito_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/domain"
)

// credentialed is a provider that may do what IAM allows.
func credentialed(s *script) *cognito.Provider {
	cfg := s.config()
	withCredentials(&cfg)
	return cognito.New(cfg)
}

func operations(s *script) (names []string) {
	for _, r := range s.sent("") {
		names = append(names, r.operation)
	}
	return names
}

func wantOperations(t *testing.T, s *script, want ...string) {
	t.Helper()
	if got := operations(s); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

var unverified = says("InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number")

func TestForgettingThePasswordOfAnUnconfirmedAccountSendsAConfirmationCode(t *testing.T) {
	s := newScript(t)
	s.on("ForgotPassword", unverified)
	s.on("ResendConfirmationCode", answer{})
	if err := s.provider().ForgotPassword(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	wantOperations(t, s, "ForgotPassword", "ResendConfirmationCode")
	if got := s.sent("ResendConfirmationCode")[0].body["Username"]; got != ada.String() {
		t.Errorf("the code goes to %v", got)
	}
}

func TestResettingThePasswordOfAnUnconfirmedAccount(t *testing.T) {
	noReset := []answer{throws("ExpiredCodeException"), throws("UserNotConfirmedException"), unverified}
	reset := func(s *script, p *cognito.Provider) error {
		return p.ResetPassword(s.t.Context(), ada, secret(code), secret(password))
	}
	t.Run("confirms the address, replaces the password and ends the sessions", func(t *testing.T) {
		for _, refusal := range noReset {
			s := newScript(t)
			s.on("ConfirmForgotPassword", refusal)
			for _, operation := range []string{"ConfirmSignUp", "AdminSetUserPassword", "AdminUserGlobalSignOut"} {
				s.on(operation, answer{})
			}
			if err := reset(s, credentialed(s)); err != nil {
				t.Fatal(err)
			}
			wantOperations(t, s, "ConfirmForgotPassword", "ConfirmSignUp", "AdminSetUserPassword", "AdminUserGlobalSignOut")
			confirmed, set := s.sent("ConfirmSignUp")[0].body, s.sent("AdminSetUserPassword")[0].body
			if confirmed["ConfirmationCode"] != code || set["Username"] != ada.String() || set["Password"] != password || set["Permanent"] != true {
				t.Errorf("confirmed %v, set %v", confirmed, set)
			}
		}
	})
	t.Run("without rights confirms the address and sends another code", func(t *testing.T) {
		for name, open := range map[string]func(*script) *cognito.Provider{"no credentials": (*script).provider, "no right": credentialed} {
			s := newScript(t)
			s.on("ConfirmForgotPassword", noReset[0])
			s.on("ConfirmSignUp", answer{})
			s.on("AdminSetUserPassword", throws("AccessDeniedException"))
			s.on("ForgotPassword", answer{})
			err := reset(s, open(s))
			if domain.CodeOf(err) != domain.CodeCodeInvalid || !strings.Contains(err.Error(), "another code was sent") {
				t.Errorf("%s: got %v", name, err)
			}
			if got := operations(s); got[len(got)-1] != "ForgotPassword" {
				t.Errorf("%s: sent %v", name, got)
			}
		}
	})
	t.Run("by a wrong code changes nothing", func(t *testing.T) {
		s := newScript(t)
		s.on("ConfirmForgotPassword", noReset[0])
		s.on("ConfirmSignUp", throws("CodeMismatchException"))
		if err := reset(s, credentialed(s)); domain.CodeOf(err) != domain.CodeCodeInvalid {
			t.Errorf("got %v", err)
		}
		wantOperations(t, s, "ConfirmForgotPassword", "ConfirmSignUp")
	})
	t.Run("to a weak one says so, and sends a code to go on with", func(t *testing.T) {
		s := newScript(t)
		s.on("ConfirmForgotPassword", noReset[0])
		s.on("ConfirmSignUp", answer{})
		s.on("AdminSetUserPassword", throws("InvalidPasswordException"))
		s.on("DescribeUserPool", throws("AccessDeniedException"))
		s.on("ForgotPassword", answer{})
		err := reset(s, credentialed(s))
		if domain.CodeOf(err) != domain.CodePasswordPolicy {
			t.Errorf("got %v", err)
		}
		if len(s.sent("ForgotPassword")) != 1 {
			t.Errorf("sent %v", operations(s))
		}
	})
	t.Run("is not attempted where the account is confirmed and the code is wrong", func(t *testing.T) {
		s := newScript(t)
		s.on("ConfirmForgotPassword", throws("CodeMismatchException"))
		if err := reset(s, credentialed(s)); domain.CodeOf(err) != domain.CodeCodeInvalid {
			t.Errorf("got %v", err)
		}
		wantOperations(t, s, "ConfirmForgotPassword")
	})
}

func TestResettingAPasswordEndsTheSessionsWhereItMay(t *testing.T) {
	s := newScript(t)
	s.on("ConfirmForgotPassword", answer{})
	s.on("AdminUserGlobalSignOut", answer{}, throws("AccessDeniedException"))
	p := credentialed(s)
	for range 2 {
		if err := p.ResetPassword(t.Context(), ada, secret(code), secret(password)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.sent("AdminUserGlobalSignOut")) != 2 || !strings.Contains(s.logs.String(), "cognito-idp:AdminUserGlobalSignOut") {
		t.Errorf("sent %v, logged %s", operations(s), s.logs)
	}
}

func TestOnlyAMissingRightIsReportedAsOne(t *testing.T) {
	for name, c := range map[string]struct {
		fails answer
		says  string
	}{
		"a server out of order": {throws("InternalErrorException"), "AdminUserGlobalSignOut"},
		"expired credentials":   {throws("ExpiredTokenException"), "aws sso login"},
	} {
		s := newScript(t)
		s.on("ConfirmForgotPassword", answer{})
		s.on("AdminUserGlobalSignOut", c.fails)
		if err := credentialed(s).ResetPassword(t.Context(), ada, secret(code), secret(password)); err != nil {
			t.Fatal(err)
		}
		if log := s.logs.String(); strings.Contains(log, "allow cognito-idp") || !strings.Contains(log, c.says) {
			t.Errorf("%s: logged %s", name, log)
		}
	}
}
