package app_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// killingProxy passes the connections of one process to its database, and kills the
// process when it sends one of its next messages. So a process can be killed between any
// two messages, in the middle of a statement, and before it reads an answer.
type killingProxy struct {
	listener net.Listener
	target   string
	passes   bool   // the message at which the process is killed still reaches the server
	kill     func() // returns when the process has ended

	mu   sync.Mutex
	left int // messages until the kill; 0: none
}

func newKillingProxy(t *testing.T, target string) *killingProxy {
	t.Helper()
	p := &killingProxy{listener: domain.Must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")), target: target}
	go p.serve(t.Context())
	t.Cleanup(p.close)
	return p
}

func (p *killingProxy) port() int {
	return p.listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener
}

func (p *killingProxy) close() { _ = p.listener.Close() }

// killAt kills the process at the message of that number from now; 0 never kills it.
func (p *killingProxy) killAt(message int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = message
}

// isLast counts a message, and reports whether the process is killed at it.
func (p *killingProxy) isLast() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return false
	}
	p.left--
	return p.left == 0
}

func (p *killingProxy) serve(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.pass(ctx, client)
	}
}

// pass passes one connection until either end closes it.
func (p *killingProxy) pass(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, server)
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		last := p.isLast()
		if last && !p.passes {
			p.kill()
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if last {
			p.kill()
			return
		}
	}
}
