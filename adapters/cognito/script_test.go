package cognito_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/adapters/internal/logbuffer"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	pool         = "eu-central-1_Scripted1"
	clientID     = "4clientid"
	clientSecret = "the client's secret"
	subject      = "0b9b6a3e-0000-4000-8000-00000000c0de"

	// Values that a user sends must never appear in a message or a log.
	password = "correct horse battery staple"
	code     = "42424242"

	refreshToken = "refresh-0a1b2c3d"
	accessToken  = "access-4e5f6a7b"
)

// answer is the scripted server's answer to one request.
type answer struct {
	status    int // 0: 200
	exception string
	message   string
	body      any    // JSON; nil: {}
	raw       string // sent as it is
}

func throws(exception string) answer {
	return answer{status: 400, exception: exception, message: ownWords}
}

func says(exception, message string) answer {
	return answer{status: 400, exception: exception, message: message}
}

// ownWords is Cognito's own text, which must not reach a caller.
const ownWords = "Cognito's own words about user 4711"

// request is a request that the scripted server received.
type request struct {
	operation string
	header    http.Header
	body      map[string]any
}

// script is a server that speaks Cognito's protocol, AWS JSON 1.1, and returns the
// answers that a test sets. It covers what no emulator does.
type script struct {
	t      *testing.T
	server *httptest.Server
	logs   *logbuffer.Buffer

	mu       sync.Mutex
	answers  map[string][]answer // by operation; the last one repeats
	requests []request
}

func newScript(t *testing.T) *script {
	s := &script{t: t, answers: map[string][]answer{}, logs: &logbuffer.Buffer{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *script) on(operation string, answers ...answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[operation] = answers
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sent := request{header: r.Header}
	_, sent.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	if err := json.NewDecoder(r.Body).Decode(&sent.body); err != nil {
		s.t.Errorf("%s: %v", sent.operation, err)
	}
	s.mu.Lock()
	s.requests = append(s.requests, sent)
	said := answer{status: 400, exception: "NotScripted"}
	if left := s.answers[sent.operation]; len(left) > 0 {
		said = left[0]
		if len(left) > 1 {
			s.answers[sent.operation] = left[1:]
		}
	}
	s.mu.Unlock()
	said.write(w)
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-RequestId", "request-1")
	if a.exception != "" {
		a.body = map[string]string{"__type": a.exception, "message": a.message}
	}
	if a.body == nil {
		a.body = struct{}{}
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	if a.raw != "" {
		io.WriteString(w, a.raw)
		return
	}
	json.NewEncoder(w).Encode(a.body)
}

// sent returns the requests so far, of one operation or of all ("").
func (s *script) sent(operation string) []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sent []request
	for _, r := range s.requests {
		if operation == "" || r.operation == operation {
			sent = append(sent, r)
		}
	}
	return sent
}

func (s *script) config() cognito.Config {
	return cognito.Config{
		PoolID:       pool,
		ClientID:     clientID,
		ClientSecret: domain.NewSecret(clientSecret),
		AWS:          aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(s.server.URL)},
		Timeout:      10 * time.Second,
		Logger:       slog.New(slog.NewJSONHandler(s.logs, nil)),
	}
}

func (s *script) provider() *cognito.Provider { return cognito.New(s.config()) }

var ada = mustEmail("Ada.Lovelace@example.com")

func mustEmail(s string) domain.Email {
	email, err := domain.ParseEmail(s)
	if err != nil {
		panic(err)
	}
	return email
}

func secret(s string) domain.Secret { return domain.NewSecret(s) }

// asks contains every operation of the port, with a valid request.
var asks = map[string]func(context.Context, *script, *cognito.Provider) error{
	"SignUp": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		_, err := p.SignUp(ctx, ada, secret(password))
		return err
	},
	"ConfirmSignUp": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		return p.ConfirmSignUp(ctx, ada, secret(code))
	},
	"ResendConfirmationCode": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		return p.ResendCode(ctx, ada)
	},
	"InitiateAuth": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		_, err := p.SignIn(ctx, ada, secret(password))
		return err
	},
	"RespondToAuthChallenge": func(ctx context.Context, s *script, p *cognito.Provider) error {
		_, err := p.RespondToChallenge(ctx, ada, ports.ChallengeAnswer{
			Name: "NEW_PASSWORD_REQUIRED", Session: sealedSession(ctx, s), Responses: map[string]domain.Secret{"NEW_PASSWORD": secret(password)},
		})
		return err
	},
	"GetTokensFromRefreshToken": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		_, err := p.Refresh(ctx, secret(refreshToken))
		return err
	},
	"RevokeToken": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		return p.Revoke(ctx, secret(refreshToken))
	},
	"GlobalSignOut": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		return p.SignOutEverywhere(ctx, secret(accessToken))
	},
	"ForgotPassword": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		return p.ForgotPassword(ctx, ada)
	},
	"ConfirmForgotPassword": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		return p.ResetPassword(ctx, ada, secret(code), secret(password))
	},
	"GetUser": func(ctx context.Context, _ *script, p *cognito.Provider) error {
		_, err := p.User(ctx, secret(accessToken))
		return err
	},
}

// sealedSession signs in at a separate server that requires a new password.
func sealedSession(_ context.Context, s *script) domain.Secret {
	s.t.Helper()
	other := newScript(s.t)
	other.on("InitiateAuth", answer{body: challenged("NEW_PASSWORD_REQUIRED", nil)})
	step, err := other.provider().SignIn(s.t.Context(), ada, secret(password))
	if err != nil || step.Challenge == nil {
		s.t.Fatalf("signing in: %+v, %v", step, err)
	}
	return step.Challenge.Session
}

// challenged is an answer with a challenge.
func challenged(name string, more map[string]string) map[string]any {
	parameters := map[string]string{"USER_ID_FOR_SRP": subject}
	maps.Copy(parameters, more)
	return map[string]any{"ChallengeName": name, "ChallengeParameters": parameters, "Session": "a-session-of-at-least-20"}
}

// authenticated is an answer with tokens; more sets fields, or removes them (nil).
func authenticated(more map[string]any) map[string]any {
	result := map[string]any{
		"AccessToken": jwt(1_000_000, 1_000_900), "IdToken": jwt(1_000_000, 1_000_900), "RefreshToken": "a new refresh token",
		"ExpiresIn": 3600, "TokenType": "Bearer",
	}
	for k, v := range more {
		result[k] = v
		if v == nil {
			delete(result, k)
		}
	}
	return map[string]any{"AuthenticationResult": result}
}
