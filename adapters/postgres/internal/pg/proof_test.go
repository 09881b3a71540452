package pg_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

const hunter = "hunter2-in-the-open"

// TestNothingIsSentToAServerThatProvesNothing has servers that begin a log-in in every
// other way than with SCRAM, or don't go through with it.
func TestNothingIsSentToAServerThatProvesNothing(t *testing.T) {
	t.Parallel()
	offer := authentication(10, "SCRAM-SHA-256\x00\x00")
	for name, c := range map[string]struct {
		first []byte                   // the answer to the startup message
		next  func(sent []byte) []byte // the answer to what SCRAM sends first
		says  string
	}{
		"lets in at once":                {first: join(authentication(0, ""), []byte("Z\x00\x00\x00\x05I")), says: "pg_hba.conf"},
		"asks for clear text":            {first: authentication(3, ""), says: "in clear text"},
		"asks for MD5":                   {first: authentication(5, "salt"), says: "password_encryption"},
		"asks for Kerberos":              {first: authentication(2, ""), says: "method 2"},
		"asks for GSSAPI":                {first: authentication(7, ""), says: "method 7"},
		"asks for SSPI":                  {first: authentication(9, ""), says: "method 9"},
		"continues what never began":     {first: authentication(11, "r=x,s=c2FsdA==,i=4096"), says: "method 11"},
		"offers only channel binding":    {first: authentication(10, "SCRAM-SHA-256-PLUS\x00\x00"), says: "SCRAM-SHA-256-PLUS"},
		"offers another mechanism":       {first: authentication(10, "PLAIN\x00OAUTHBEARER\x00\x00"), says: "PLAIN"},
		"offers nothing":                 {first: authentication(10, "\x00"), says: "SCRAM-SHA-256"},
		"is a web server":                {first: []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), says: "not PostgreSQL"},
		"begins with a notice":           {first: join([]byte("N\x00\x00\x00\x0bSNOTICE\x00\x00"), authentication(3, "")), says: "not PostgreSQL"},
		"begins with a parameter":        {first: join([]byte("S\x00\x00\x00\x08a\x00b\x00"), authentication(3, "")), says: "not PostgreSQL"},
		"is ready at once":               {first: []byte("Z\x00\x00\x00\x05I"), says: "not PostgreSQL"},
		"negotiates the version":         {first: join([]byte("v\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00"), authentication(3, "")), says: "not PostgreSQL"},
		"sends a message without end":    {first: []byte("R\x7f\xff\xff\xff\x00\x00\x00\x0a"), says: "not PostgreSQL"},
		"sends a message without a code": {first: []byte("R\x00\x00\x00\x04"), says: "not PostgreSQL"},
		"forgets the challenge": {first: offer, next: func([]byte) []byte {
			return join(authentication(0, ""), []byte("Z\x00\x00\x00\x05I"))
		}, says: "breaks off its proof"},
		"asks for clear text after the offer": {first: offer, next: func([]byte) []byte { return authentication(3, "") }, says: "breaks off its proof"},
		"is ready after the offer":            {first: offer, next: func([]byte) []byte { return []byte("Z\x00\x00\x00\x05I") }, says: "not PostgreSQL"},
		"asks for endless work": {first: offer, next: func(sent []byte) []byte {
			return challenge(sent, "i=2147483647")
		}, says: "rounds of hashing"},
		"asks for so little work that a guess is cheap": {first: offer, next: func(sent []byte) []byte {
			return challenge(sent, "i=4095")
		}, says: "rounds of hashing"},
		"asks for work that is no number": {first: offer, next: func(sent []byte) []byte {
			return challenge(sent, "i=99999999999999999999")
		}, says: "rounds of hashing"},
		"does not have the password": {first: offer, next: func(sent []byte) []byte {
			return join(challenge(sent, "i=4096"), authentication(12, "v="+base64.StdEncoding.EncodeToString(make([]byte, 32))), authentication(0, ""), []byte("Z\x00\x00\x00\x05I"))
		}, says: "could not prove"},
		"says nothing of the password's proof": {first: offer, next: func(sent []byte) []byte {
			return join(challenge(sent, "i=4096"), authentication(0, ""), []byte("Z\x00\x00\x00\x05I"))
		}, says: "could not prove"},
		"takes the nonce of another": {first: offer, next: func([]byte) []byte {
			return authentication(11, "r=another,s=c2FsdHNhbHQ=,i=4096")
		}, says: "could not prove"},
	} {
		t.Run("a server that "+name, func(t *testing.T) {
			t.Parallel()
			fake := startFake(t, func(client net.Conn) {
				readStartup(client)
				_, _ = client.Write(c.first)
				if c.next != nil {
					_, _ = client.Write(c.next(read(client)))
				}
			})
			_, err := postgres.Open(t.Context(), fake.config())
			pgtest.MustBe(t, err, postgres.CodeLoginRefused)
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v, without %q", err, c.says)
			}
			fake.mustReceiveNothing(t)
		})
	}
	t.Run("a server that hangs up may be available later", func(t *testing.T) {
		t.Parallel()
		for _, words := range []string{"", "R", "R\x00\x00\x00\x08", "E", "Ecould not fork new process: no memory\n\x00"} {
			fake := startFake(t, func(client net.Conn) {
				readStartup(client)
				_, _ = client.Write([]byte(words))
			})
			db, err := postgres.Open(t.Context(), fake.config())
			if err != nil {
				t.Errorf("after %q: %v", words, err)
				continue
			}
			pgtest.MustBe(t, db.Ready(t.Context()), domain.CodeDatabaseUnavailable)
			_ = db.Close()
			fake.mustReceiveNothing(t)
		}
	})
}

// TestNothingIsSentBeforeTLS has servers that won't encrypt, or mix clear text in.
func TestNothingIsSentBeforeTLS(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"require", "verify-ca", "verify-full"} {
		for name, answer := range map[string]string{
			"a server without TLS":                        "N",
			"a server without TLS, and a log-in":          "N" + string(authentication(10, "SCRAM-SHA-256\x00\x00")),
			"clear text behind the server's word":         "S" + string(authentication(0, "")) + "Z\x00\x00\x00\x05I",
			"a log-in in clear text instead of an answer": string(authentication(3, "")),
			"a web server":                                "HTTP/1.1 400 Bad Request\r\n\r\n",
		} {
			t.Run(mode+": "+name, func(t *testing.T) {
				t.Parallel()
				fake := startFake(t, func(client net.Conn) {
					_, _ = io.ReadFull(client, make([]byte, 8))
					_, _ = client.Write([]byte(answer))
					_ = read(client)
				})
				cfg := fake.config()
				cfg.SSLMode = mode
				_, err := postgres.Open(t.Context(), cfg)
				pgtest.MustBe(t, err, postgres.CodeLoginRefused)
				fake.mustReceiveNothing(t)
				if sent := fake.received(); bytes.Contains(sent, []byte("the_user")) {
					t.Errorf("the server received the user in clear text: %q", sent)
				}
			})
		}
	}
}

// TestAHandshakeThatBreaksOffMayBeRepeated has a server that ends the connection in the middle
// of the TLS handshake, as in a restart: that says nothing about its certificate.
func TestAHandshakeThatBreaksOffMayBeRepeated(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(client net.Conn){
		"it hangs up":             func(net.Conn) {},
		"it resets":               func(client net.Conn) { _ = client.(*recorded).Conn.(*net.TCPConn).SetLinger(0) },
		"in the middle of a word": func(client net.Conn) { _, _ = client.Write([]byte("\x16\x03")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := startFake(t, func(client net.Conn) {
				_, _ = io.ReadFull(client, make([]byte, 8))
				_, _ = client.Write([]byte("S"))
				_ = read(client)
				leave(client)
				_ = client.Close()
			})
			cfg := fake.config()
			cfg.SSLMode = "verify-full"
			db, err := postgres.Open(t.Context(), cfg)
			if err != nil {
				t.Fatalf("it gave up: %v", err)
			}
			pgtest.MustBe(t, db.Ready(t.Context()), domain.CodeDatabaseUnavailable)
			_ = db.Close()
		})
	}
}

// TestWithoutAPassword logs in where there is nothing to prove.
func TestWithoutAPassword(t *testing.T) {
	t.Parallel()
	trusting := func(t *testing.T, first []byte) (*fakeServer, postgres.Config) {
		fake := startFake(t, func(client net.Conn) {
			readStartup(client)
			_, _ = client.Write(first)
			for buffer := make([]byte, 4096); ; {
				n, err := client.Read(buffer)
				if err != nil {
					return
				}
				if buffer[0] == 'Q' || bytes.IndexByte(buffer[:n], 'Q') >= 0 {
					_, _ = client.Write(pgtest.Failure("42P01"))
				}
			}
		})
		cfg := fake.config()
		cfg.Password, cfg.GateSecret = domain.Secret{}, domain.NewSecret("of the gates, sixteen bytes")
		return fake, cfg
	}
	letIn := join(authentication(0, ""), []byte("K\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x02Z\x00\x00\x00\x05I"))
	t.Run("over TCP without TLS, a server that asks for no proof is refused", func(t *testing.T) {
		fake, cfg := trusting(t, letIn)
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, postgres.CodeLoginRefused)
		if !strings.Contains(err.Error(), "DB_PASSWORD") {
			t.Errorf("it says %v", err)
		}
		fake.mustReceiveNothing(t)
	})
	t.Run("on a Unix socket, such a server is accepted", func(t *testing.T) {
		fake, cfg := trusting(t, letIn)
		cfg.Host = pgtest.SocketTo(t, fake.address)
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, postgres.CodeNotSetUp) // it asked, and was answered
	})
	t.Run("on a socket in the abstract namespace, which any process may take, it is refused", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			return
		}
		fake, cfg := trusting(t, letIn)
		_, port := fake.hostAndPort()
		cfg.Host = "@partywall-trusting-" + strconv.Itoa(port)
		pgtest.Forward(t, cfg.Host+"/.s.PGSQL."+strconv.Itoa(port), fake.address)
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, postgres.CodeLoginRefused)
		fake.mustReceiveNothing(t)
	})
	for name, first := range map[string][]byte{"SCRAM": authentication(10, "SCRAM-SHA-256\x00\x00"), "clear text": authentication(3, ""), "MD5": authentication(5, "salt")} {
		t.Run("a server that wants "+name+" gets an error that there is none", func(t *testing.T) {
			fake, cfg := trusting(t, first)
			cfg.Host = pgtest.SocketTo(t, fake.address)
			_, err := postgres.Open(t.Context(), cfg)
			pgtest.MustBe(t, err, postgres.CodeLoginRefused)
			if !strings.Contains(err.Error(), "set DB_PASSWORD") {
				t.Errorf("it says %v", err)
			}
			fake.mustReceiveNothing(t)
		})
	}
}

// TestNoPasswordComesFromElsewhere has a password where libpq looks for one.
func TestNoPasswordComesFromElsewhere(t *testing.T) {
	home := t.TempDir()
	pgpass := filepath.Join(home, ".pgpass")
	if err := os.WriteFile(pgpass, []byte("*:*:*:*:"+hunter+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"HOME": home, "PGPASSFILE": pgpass, "PGPASSWORD": hunter} {
		t.Setenv(name, value)
	}
	fake := startFake(t, func(client net.Conn) {
		readStartup(client)
		_, _ = client.Write(authentication(3, ""))
	})
	cfg := fake.config()
	cfg.Password, cfg.GateSecret = domain.Secret{}, domain.NewSecret("of the gates, sixteen bytes")
	_, err := postgres.Open(t.Context(), cfg)
	pgtest.MustBe(t, err, postgres.CodeLoginRefused)
	fake.mustReceiveNothing(t)
}

// TestTheServerIsProvenHoweverItsBytesCome lets a real server's answers through byte
// by byte.
func TestTheServerIsProvenHoweverItsBytesCome(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	pgtest.SetUp(t, cfg)
	target := net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
	fake := startFake(t, func(client net.Conn) {
		backend, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer backend.Close()
		quiet := client.(*recorded).Conn // for as long as a slow machine takes
		_ = quiet.SetDeadline(time.Time{})
		go func() {
			defer backend.Close()
			_, _ = io.Copy(backend, quiet)
		}()
		for one := make([]byte, 1); ; {
			if _, err := backend.Read(one); err != nil {
				return
			}
			if _, err := quiet.Write(one); err != nil {
				return
			}
		}
	})
	cfg.Host, cfg.Port = fake.hostAndPort()
	db := pgtest.Reopen(t, cfg)
	pgtest.MakeTenant(t, db, "acme")
}

// fakeServer plays a server, and records what it receives.
type fakeServer struct {
	address string

	mu   sync.Mutex
	sent bytes.Buffer
}

func startFake(t *testing.T, serve func(client net.Conn)) *fakeServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	fake := &fakeServer{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				_ = client.SetDeadline(time.Now().Add(20 * time.Second))
				serve(&recorded{client, fake})
				_, _ = io.Copy(io.Discard, &recorded{client, fake})
			}()
		}
	}()
	return fake
}

// recorded records what is read.
type recorded struct {
	net.Conn
	fake *fakeServer
}

func (r *recorded) Read(b []byte) (int, error) {
	_ = r.SetReadDeadline(time.Now().Add(time.Second))
	n, err := r.Conn.Read(b)
	r.fake.mu.Lock()
	defer r.fake.mu.Unlock()
	r.fake.sent.Write(b[:n])
	return n, err
}

func (f *fakeServer) received() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.sent.Bytes())
}

func (f *fakeServer) hostAndPort() (string, int) {
	address, _ := net.ResolveTCPAddr("tcp", f.address)
	return address.IP.String(), address.Port
}

func (f *fakeServer) config() postgres.Config {
	host, port := f.hostAndPort()
	return postgres.Config{Host: host, Port: port, User: "the_user", Password: domain.NewSecret(hunter), Database: "d", SSLMode: "disable"}
}

// mustReceiveNothing fails if the server received a password or a statement.
func (f *fakeServer) mustReceiveNothing(t *testing.T) {
	t.Helper()
	sent := f.received()
	for _, secret := range []string{hunter, "SELECT", "partywall.installation", "BEGIN", "none\x00", "\x00md5"} {
		if bytes.Contains(sent, []byte(secret)) {
			t.Errorf("the server received %q: %q", secret, sent)
		}
	}
}

// authentication is an Authentication message.
func authentication(code uint32, body string) []byte {
	message := binary.BigEndian.AppendUint32([]byte{'R'}, uint32(8+len(body)))
	return append(binary.BigEndian.AppendUint32(message, code), body...)
}

// challenge continues SCRAM with the nonce that the client sent.
func challenge(sent []byte, iterations string) []byte {
	_, nonce, _ := bytes.Cut(sent, []byte(",r="))
	return authentication(11, fmt.Sprintf("r=%sserver,s=%s,%s", nonce, base64.StdEncoding.EncodeToString([]byte("sixteen bytes...")), iterations))
}

func join(messages ...[]byte) []byte { return bytes.Join(messages, nil) }

func readStartup(client net.Conn) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(client, size); err == nil {
		_, _ = io.ReadFull(client, make([]byte, binary.BigEndian.Uint32(size)-4))
	}
}

func read(client net.Conn) []byte {
	buffer := make([]byte, 4096)
	n, _ := client.Read(buffer)
	return buffer[:n]
}
