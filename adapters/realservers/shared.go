package realservers

import (
	"context"
	"io"
	"sync"
	"testing"
)

// Shared is one server for all tests of a test binary, started when the first
// of them asks for it:
//
//	var cognito = realservers.Shared[*realservers.Cognito]{Start: realservers.StartCognitoLocal}
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		cognito.Close()
//		os.Exit(code)
//	}
//
// and in a test, cognito.Get(t).
type Shared[Server io.Closer] struct {
	Start func(context.Context) (Server, error)

	once   sync.Once
	server Server
	err    error
}

// Get returns the server. If it is not available, the test is skipped or fails, see [Need].
func (s *Shared[Server]) Get(t testing.TB) Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = s.Start(context.Background()) })
	Need(t, s.err)
	return s.server
}

// Close stops the server if a test asked for it.
func (s *Shared[Server]) Close() error {
	started := true
	s.once.Do(func() { started = false })
	if !started || s.err != nil {
		return nil //nolint:nilerr // Get has reported it
	}
	return s.server.Close()
}

// own starts a server that ends with its test.
func own[Server io.Closer](t testing.TB, start func(context.Context) (Server, error)) Server {
	t.Helper()
	server, err := start(t.Context())
	Need(t, err)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}
