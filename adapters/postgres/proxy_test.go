package postgres_test

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

// proxy stands between an adapter and the server, and can be a bad network.
type proxy struct {
	address string
	target  string

	turns atomic.Int64 // how often the client spoke and was answered

	// cut, if set, is told what the client sends: whether it reaches the server,
	// and whether the connection then breaks off, with lastWords as its answer.
	cut       atomic.Pointer[func(message []byte) (pass, breakOff bool)]
	lastWords []byte

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
}

// through puts a proxy before the server.
func through(t *testing.T, cfg *postgres.Config) *proxy {
	t.Helper()
	p := &proxy{target: net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)), address: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	p.restore(t)
	t.Cleanup(func() { p.breakDown(t) })
	cfg.Host = "127.0.0.1"
	cfg.Port = p.listener.Addr().(*net.TCPAddr).Port
	return p
}

// restore lets connections through.
func (p *proxy) restore(t *testing.T) {
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

// breakDown refuses connections and cuts those that there are.
func (p *proxy) breakDown(*testing.T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

func (p *proxy) serve(client net.Conn) {
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
				p.turns.Add(1)
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
		if cut := p.cut.Load(); cut != nil {
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

func (p *proxy) keep(client, backend net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[client], p.conns[backend] = true, true
}

// forget forgets a connection that has ended: some tests make a million.
func (p *proxy) forget(client, backend net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, backend)
}

// cutAt breaks the next connection off that sends text, before or after the
// server gets it.
func (p *proxy) cutAt(text string, after bool) {
	var once atomic.Bool
	cut := func(message []byte) (pass, breakOff bool) {
		if bytes.Contains(message, []byte(text)) && once.CompareAndSwap(false, true) {
			return after, true
		}
		return true, false
	}
	p.lastWords = nil
	p.cut.Store(&cut)
}

// answerAt has the server get text, and the client another answer than its own.
func (p *proxy) answerAt(text string, answer []byte) {
	p.cutAt(text, true)
	p.lastWords = answer
}

// failure is what the server answers to a message that fails: an ErrorResponse,
// and ReadyForQuery. See "Message Formats" in PostgreSQL's protocol chapter.
func failure(state pqerror.Code) []byte {
	fields := "SERROR\x00VERROR\x00C" + string(state) + "\x00Mit failed\x00\x00"
	answer := binary.BigEndian.AppendUint32([]byte{'E'}, uint32(4+len(fields)))
	return append(append(answer, fields...), 'Z', 0, 0, 0, 5, 'I')
}
