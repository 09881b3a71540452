package cognito_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/domain"
)

// attempts is how often each operation is attempted at a server that breaks down,
// and at one that throttles.
var attempts = map[string]struct{ broken, throttled int }{
	"SignUp":                    {1, 1},
	"ConfirmSignUp":             {1, 1},
	"ResendConfirmationCode":    {1, 1},
	"InitiateAuth":              {1, 1},
	"RespondToAuthChallenge":    {1, 1},
	"ForgotPassword":            {1, 1},
	"ConfirmForgotPassword":     {1, 1},
	"GetTokensFromRefreshToken": {1, 3}, // it may have been exchanged before the server broke down
	"RevokeToken":               {3, 3},
	"GlobalSignOut":             {3, 3},
	"GetUser":                   {3, 3},
}

func TestEachOperationIsTriedAsOftenAsItIsSafe(t *testing.T) {
	for operation, ask := range asks {
		for name, tc := range map[string]struct {
			says answer
			want int
		}{
			"broken down":   {answer{status: 500, exception: "InternalErrorException"}, attempts[operation].broken},
			"gone":          {answer{status: 503, raw: "busy"}, attempts[operation].broken},
			"throttling":    {throws("TooManyRequestsException"), attempts[operation].throttled},
			"limiting":      {throws("LimitExceededException"), 1},
			"understanding": {throws("NotAuthorizedException"), 1},
		} {
			if name == "limiting" && attempts[operation].broken > 1 {
				continue // these have no limit of their own
			}
			t.Run(operation+" at a server that is "+name, func(t *testing.T) {
				t.Parallel()
				s := newScript(t)
				s.on(operation, tc.says)
				cfg := s.config()
				cfg.AWS.RetryMaxAttempts = 9 // as AWS_MAX_ATTEMPTS would set it
				ask(t.Context(), s, cognito.New(cfg))
				if n := len(s.sent("")); n != tc.want {
					t.Errorf("tried %d times, want %d", n, tc.want)
				}
			})
		}
	}
}

func TestAnOutageIsNeverTheCallersFault(t *testing.T) {
	for name, endpoint := range map[string]func(t *testing.T) string{
		"refuses connections": func(t *testing.T) string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			return "http://" + l.Addr().String()
		},
		"hangs up": func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
		},
		"never answers": func(t *testing.T) string {
			return serve(t, hang)
		},
		"talks nonsense": func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("\x00\x01{{{")) })
		},
		"sends its callers away": func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
			})
		},
	} {
		for operation, ask := range asks {
			t.Run(operation+" at a server that "+name, func(t *testing.T) {
				t.Parallel()
				s := newScript(t)
				cfg := s.config()
				cfg.AWS.BaseEndpoint = aws.String(endpoint(t))
				cfg.Timeout = 300 * time.Millisecond
				began := time.Now()
				err := ask(t.Context(), s, cognito.New(cfg))
				checkError(t, err, domain.Unavailable, domain.CodeIdentityProviderUnavailable)
				checkNothingLeaks(t, s, err)
				if took := time.Since(began); took > 30*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
}

// hang holds the request until the client disconnects. A server notices that only
// after it has read the body.
func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = nil
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

func TestACallerThatDisconnectsGetsTheErrorOfItsContext(t *testing.T) {
	for operation, ask := range asks {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			hanging := s.config()
			arrived := make(chan struct{}, 1)
			hanging.AWS.BaseEndpoint = aws.String(serve(t, func(w http.ResponseWriter, r *http.Request) {
				select {
				case arrived <- struct{}{}:
				default:
				}
				hang(w, r)
			}))
			p := cognito.New(hanging)

			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-arrived; cancel() }()
			if err := ask(ctx, s, p); !errors.Is(err, context.Canceled) || errors.Is(err, domain.Unavailable) {
				t.Errorf("left: %v", err)
			}

			ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if err := ask(ctx, s, p); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, domain.Unavailable) {
				t.Errorf("out of time: %v", err)
			}
			if strings.Contains(s.logs.String(), `"fix":`) {
				t.Errorf("an operator is called: %s", s.logs)
			}
		})
	}
}
