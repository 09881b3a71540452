package pgwire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"

	"github.com/lib/pq"
)

// proof is a connection on which the server proves by SCRAM that it has the password,
// before it gets a password or a statement. lib/pq does its part of SCRAM and checks
// the server's signature, but would also answer a server that asks for the password
// itself, or for nothing: proof refuses every other beginning.
//
// Without a password there is nothing to prove: such a log-in is accepted only if the
// way to the server is verified.
type proof struct {
	net.Conn
	login        string
	passwordless bool
	verified     bool

	stage     stage
	pending   []byte // read and accepted, but not delivered yet
	refused   error
	cancelKey []byte // of a request to cancel; nil: the server sent none
}

// stage is the progress of the server's log-in.
type stage int

const (
	stageFirst     stage = iota // nothing was read
	stageChallenge              // SCRAM was offered; the salt comes next
	stageGreeting               // lib/pq judges the rest of the proof, and the server describes the session
	stageOpen                   // the session is ready
	stageError                  // the server reports an error and hangs up
)

// Read returns what the server sends, each message after it was checked.
func (p *proof) Read(b []byte) (int, error) {
	for len(p.pending) == 0 {
		if p.refused != nil {
			return 0, p.refused
		}
		if p.stage >= stageOpen {
			return p.Conn.Read(b)
		}
		message, err := p.judge()
		if err != nil {
			p.refused = err
			return 0, err
		}
		p.pending = message
	}
	n := copy(b, p.pending)
	p.pending = p.pending[n:]
	return n, nil
}

// The first bytes of the messages that a server may send here, and the codes of its
// Authentication message, see "Message Formats" in PostgreSQL's manual.
const (
	messageAuthentication = 'R'
	messageError          = 'E'
	messageKey            = 'K'
	messageReady          = 'Z'

	authOk           = 0
	authCleartext    = 3
	authMD5          = 5
	authSASL         = 10
	authSASLContinue = 11
)

const (
	headerSize = 5 // the type and the length, which counts itself

	// maxAuthentication is more than a list of mechanisms or a challenge needs.
	maxAuthentication = 4 << 10

	// maxGreeting is more than the usual parameter of a session needs. What comes behind a
	// longer one is not looked at.
	maxGreeting = 64 << 10
)

// judge reads the next message and refuses it, or moves to the next stage.
func (p *proof) judge() ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(p.Conn, header); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(header[1:]) - 4
	switch {
	case header[0] == messageError: // it may be a line of text without a length
		p.stage = stageError
		return header, nil
	case p.stage == stageGreeting:
		return p.greeting(header, size)
	case header[0] != messageAuthentication || size < 4 || size > maxAuthentication:
		return nil, &Unproven{errNotPostgres.Error(), "check DB_HOST and DB_PORT"}
	}
	message, err := p.rest(header, size)
	if err != nil {
		return nil, err
	}
	code, body := binary.BigEndian.Uint32(message[headerSize:]), message[headerSize+4:]
	if p.stage == stageChallenge {
		p.stage = stageGreeting
		return message, judgeChallenge(code, body)
	}
	p.stage = stageChallenge
	if p.passwordless {
		p.stage = stageGreeting
		return message, p.judgeTrust(code)
	}
	return message, p.judgeMethod(code, body)
}

// rest returns the message of that header, with a body of that size.
func (p *proof) rest(header []byte, size uint32) ([]byte, error) {
	message := append(make([]byte, 0, headerSize+size), header...)[:headerSize+size]
	_, err := io.ReadFull(p.Conn, message[headerSize:])
	return message, err
}

// greeting accepts a message that follows the authentication, and keeps the key.
func (p *proof) greeting(header []byte, size uint32) ([]byte, error) {
	if size > maxGreeting {
		p.stage = stageOpen
		return header, nil
	}
	message, err := p.rest(header, size)
	if err != nil {
		return nil, err
	}
	switch header[0] {
	case messageKey:
		p.cancelKey = bytes.Clone(message[headerSize:])
	case messageReady:
		p.stage = stageOpen
	}
	return message, nil
}

const scramMechanism = "SCRAM-SHA-256" // RFC 7677

// judgeMethod accepts the offer of SCRAM alone.
func (p *proof) judgeMethod(code uint32, body []byte) error {
	const askForSCRAM = "check that this is your server, and have its pg_hba.conf ask for scram-sha-256 (in PgBouncer: auth_type = scram-sha-256)"
	switch code {
	case authSASL:
		offered := bytes.Split(bytes.TrimRight(body, "\x00"), []byte{0})
		if slices.ContainsFunc(offered, func(name []byte) bool { return string(name) == scramMechanism }) {
			return nil
		}
		return &Unproven{fmt.Sprintf("the server does not offer %s but %q", scramMechanism, bytes.Join(offered, []byte(", "))), askForSCRAM}
	case authOk:
		return &Unproven{fmt.Sprintf("the server lets %s in without asking for the password, which proves nothing", p.login), askForSCRAM}
	case authCleartext:
		return &Unproven{fmt.Sprintf("the server asks for the password of %s in clear text", p.login), askForSCRAM}
	case authMD5:
		return &Unproven{fmt.Sprintf("the server asks for an MD5 hash of the password of %s", p.login),
			fmt.Sprintf("set the password anew as SCRAM stores it, with SET password_encryption = 'scram-sha-256' before ALTER ROLE %s PASSWORD ..., and have pg_hba.conf ask for scram-sha-256", p.login)}
	}
	return &Unproven{fmt.Sprintf("the server asks for another authentication than by password (method %d)", code), askForSCRAM}
}

// judgeTrust accepts a log-in without a password, on a verified way.
func (p *proof) judgeTrust(code uint32) error {
	switch {
	case code != authOk:
		return &Unproven{fmt.Sprintf("the server asks for a password of %s, and there is none", p.login), "set DB_PASSWORD"}
	case !p.verified:
		return &Unproven{fmt.Sprintf("the server lets %s in without a password, which anything that listens there could do", p.login),
			"set DB_PASSWORD, or connect by DB_SSLMODE=verify-full or over a Unix socket in a folder"}
	}
	return nil
}

// A server may ask for rounds of hashing within these bounds. RFC 7677 requires the
// lower one: with fewer rounds, an impostor that does not have the password gets an
// answer by which it can try passwords cheaply. lib/pq does the work without a check
// of the context, so the upper one bounds the wait.
const (
	minIterations = 4096
	maxIterations = 2_000_000
)

func judgeChallenge(code uint32, body []byte) error {
	if code != authSASLContinue {
		return &Unproven{"the server breaks off its proof that it has the password", "check that this is your server"}
	}
	for field := range bytes.SplitSeq(body, []byte(",")) {
		count, found := bytes.CutPrefix(field, []byte("i="))
		if n, err := strconv.Atoi(string(count)); found && (err != nil || n < minIterations || n > maxIterations) {
			return &Unproven{fmt.Sprintf("the server asks for %q rounds of hashing, not %d to %d", count, minIterations, maxIterations),
				fmt.Sprintf("check that this is your server, and set scram_iterations (%d is its default) and then the password anew", minIterations)}
		}
	}
	return nil
}

// Unproven is the reason why a server is not trusted to be the right one. No secret
// was sent to it.
type Unproven struct{ What, Fix string }

func (e *Unproven) Error() string { return e.What + "; " + e.Fix }

// explain returns err as an [Unproven] server if lib/pq found the proof insufficient:
// neither the server nor the network reports an error then.
func (p *proof) explain(err error) error {
	var known *Unproven
	var server *pq.Error
	var network net.Error
	if p == nil || p.stage == stageFirst || p.stage == stageError || p.passwordless || errors.As(err, &known) || errors.As(err, &server) ||
		errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return err
	}
	return &Unproven{"the server could not prove that it has the password (" + err.Error() + ")", "check that this is your server"}
}
