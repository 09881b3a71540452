package pgtest

import (
	"bytes"
	"encoding/binary"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// Proxy stands between an adapter and the server, and can be a bad network.
type Proxy struct {
	address string
	target  string

	Turns atomic.Int64 // round trips so far

	// Cut, if set, gets each message of the client, and decides whether the message
	// reaches the server and whether the connection then breaks off, with lastWords
	// as its answer.
	Cut       atomic.Pointer[func(message []byte) (pass, breakOff bool)]
	lastWords []byte

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
}

// Restore accepts connections.
func (p *Proxy) Restore(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.listener, p.address = l, l.Addr().String()
	p.mu.Unlock()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
}

// BreakDown refuses connections and cuts the open ones.
func (p *Proxy) BreakDown(*testing.T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

func (p *Proxy) serve(client net.Conn) {
	backend, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.keep(client, backend)
	defer p.forget(client, backend)
	var spoke atomic.Bool
	go func() {
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := backend.Read(buffer)
			if err != nil {
				return
			}
			if spoke.CompareAndSwap(true, false) {
				p.Turns.Add(1)
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	defer backend.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		spoke.Store(true)
		pass, breakOff := true, false
		if cut := p.Cut.Load(); cut != nil {
			pass, breakOff = (*cut)(buffer[:n])
		}
		if breakOff {
			_, _ = client.Write(p.lastWords)
			_ = client.Close()
		}
		if pass {
			_, _ = backend.Write(buffer[:n])
		}
	}
}

func (p *Proxy) keep(client, backend net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[client], p.conns[backend] = true, true
}

// forget forgets a connection that has ended: some tests make a million.
func (p *Proxy) forget(client, backend net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, backend)
}

// CutAt breaks the next connection off that sends text, before or after the
// server gets it.
func (p *Proxy) CutAt(text string, after bool) {
	var once atomic.Bool
	cut := func(message []byte) (pass, breakOff bool) {
		if bytes.Contains(message, []byte(text)) && once.CompareAndSwap(false, true) {
			return after, true
		}
		return true, false
	}
	p.lastWords = nil
	p.Cut.Store(&cut)
}

// AnswerAt has the server get text, and the client another answer than its own.
func (p *Proxy) AnswerAt(text string, answer []byte) {
	p.CutAt(text, true)
	p.lastWords = answer
}

// Through puts a proxy before the server.
func Through(t *testing.T, cfg *postgres.Config) *Proxy {
	t.Helper()
	p := &Proxy{target: net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)), address: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	p.Restore(t)
	t.Cleanup(func() { p.BreakDown(t) })
	cfg.Host = "127.0.0.1"
	cfg.Port = p.listener.Addr().(*net.TCPAddr).Port
	return p
}

// Failure returns a server's answer to a message that fails: an ErrorResponse and
// ReadyForQuery. See "Message Formats" in PostgreSQL's protocol chapter.
func Failure(state pqerror.Code) []byte {
	fields := "SERROR\x00VERROR\x00C" + string(state) + "\x00Mit failed\x00\x00"
	answer := binary.BigEndian.AppendUint32([]byte{'E'}, uint32(4+len(fields)))
	return append(append(answer, fields...), 'Z', 0, 0, 0, 5, 'I')
}
