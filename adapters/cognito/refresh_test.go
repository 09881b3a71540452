package cognito_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestRefreshing(t *testing.T) {
	for name, tc := range map[string]struct {
		given any // as RefreshToken in the answer
		want  domain.Secret
	}{
		"at a client that rotates returns a new refresh token": {"a new refresh token", secret("a new refresh token")},
		"at a client that doesn't leaves the old one":          {nil, domain.Secret{}},
		"that returns the old one leaves it":                   {refreshToken, domain.Secret{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("GetTokensFromRefreshToken", answer{body: authenticated(map[string]any{"RefreshToken": tc.given})})
			tokens, err := s.provider().Refresh(t.Context(), secret(refreshToken))
			if err != nil || tokens.Refresh != tc.want || tokens.Access.IsZero() || tokens.ID.IsZero() {
				t.Errorf("got %+v, %v", tokens, err)
			}
			wantSent(t, s, "GetTokensFromRefreshToken", map[string]any{"ClientId": clientID, "ClientSecret": clientSecret, "RefreshToken": refreshToken})
		})
	}
}

func TestAServerWithoutTheNewerOperationIsAskedByTheOlder(t *testing.T) {
	for name, says := range map[string]answer{
		"AWS":            throws("UnknownOperationException"),
		"AWS's emulator": {status: 500, exception: "CognitoLocal#Unsupported", message: "Cognito Local unsupported feature"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("GetTokensFromRefreshToken", says)
			s.on("InitiateAuth", answer{body: authenticated(map[string]any{"RefreshToken": nil, "ExpiresIn": nil, "TokenType": nil})})
			p := s.provider()
			for range 3 {
				tokens, err := p.Refresh(t.Context(), secret(refreshToken))
				if err != nil || tokens.Access.IsZero() || tokens.ExpiresIn <= 0 || !tokens.Refresh.IsZero() {
					t.Fatalf("got %+v, %v", tokens, err)
				}
			}
			if n := len(s.sent("GetTokensFromRefreshToken")); n != 1 {
				t.Errorf("it received the newer operation %d times", n)
			}
			sent := s.sent("InitiateAuth")
			want := map[string]any{"ClientId": clientID, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": map[string]any{"REFRESH_TOKEN": refreshToken}}
			if len(sent) != 3 || !reflect.DeepEqual(sent[0].body, want) {
				t.Errorf("sent %v", sent)
			}
		})
	}
	t.Run("and its refusal is the caller's", func(t *testing.T) {
		s := newScript(t)
		s.on("GetTokensFromRefreshToken", throws("UnknownOperationException"))
		s.on("InitiateAuth", throws("NotAuthorizedException"))
		_, err := s.provider().Refresh(t.Context(), secret(refreshToken))
		checkError(t, err, domain.Unauthenticated, domain.CodeRefreshInvalid)
	})
}

func TestAnOutageDoesNotSwitchToTheOlderWay(t *testing.T) {
	s := newScript(t)
	s.on("GetTokensFromRefreshToken", answer{status: 500, exception: "InternalErrorException"}, answer{body: authenticated(nil)})
	p := s.provider()
	_, err := p.Refresh(t.Context(), secret(refreshToken))
	checkError(t, err, domain.Unavailable, domain.CodeIdentityProviderUnavailable)
	if _, err := p.Refresh(t.Context(), secret(refreshToken)); err != nil || len(s.sent("InitiateAuth")) != 0 {
		t.Errorf("got %v; sent %v", err, s.sent("InitiateAuth"))
	}
}

func TestAReusedRefreshTokenIsAudited(t *testing.T) {
	s := newScript(t)
	s.on("GetTokensFromRefreshToken", throws("RefreshTokenReuseException"))
	tokens, err := s.provider().Refresh(t.Context(), secret(refreshToken))
	checkError(t, err, domain.Unauthenticated, domain.CodeRefreshReused)
	if tokens != (ports.Tokens{}) {
		t.Errorf("it returned %+v", tokens)
	}
	lines := strings.Split(strings.TrimSpace(s.logs.String()), "\n")
	if len(lines) != 1 || !strings.Contains(lines[0], `"audit":"refresh_reused"`) || !strings.Contains(lines[0], pool) {
		t.Errorf("the log says %q", lines)
	}
	checkNothingLeaks(t, s, err)
}

func TestEndingSessions(t *testing.T) {
	s := newScript(t)
	s.on("RevokeToken", answer{})
	if err := s.provider().Revoke(t.Context(), secret(refreshToken)); err != nil {
		t.Error(err)
	}
	wantSent(t, s, "RevokeToken", map[string]any{"ClientId": clientID, "ClientSecret": clientSecret, "Token": refreshToken})

	s = newScript(t)
	s.on("GlobalSignOut", answer{})
	if err := s.provider().SignOutEverywhere(t.Context(), secret(accessToken)); err != nil {
		t.Error(err)
	}
	wantSent(t, s, "GlobalSignOut", map[string]any{"AccessToken": accessToken})
}
