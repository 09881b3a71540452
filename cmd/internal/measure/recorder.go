package measure

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Message is what a client sent to PostgreSQL before it waited for an answer.
type Message struct {
	Conn int       // counts the connections of the recorder
	Text string    // statements, or the only one if there are arguments
	Args []*string // as texts; nil is NULL
}

// SQL returns the message as text with the arguments in it.
func (m Message) SQL() string {
	if len(m.Args) == 0 {
		return m.Text
	}
	return parameter.ReplaceAllStringFunc(m.Text, func(name string) string {
		number, err := strconv.Atoi(name[1:])
		switch {
		case err != nil || number < 1 || number > len(m.Args):
			return name
		case m.Args[number-1] == nil:
			return "NULL"
		}
		return Quote(*m.Args[number-1])
	})
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// Quote returns text as a literal of SQL.
func Quote(text string) string {
	literal := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return " E" + strings.ReplaceAll(literal, `\`, `\\`)
	}
	return literal
}

// Recorder is a relay to PostgreSQL that records what its clients send. They must use
// neither TLS nor named statements.
type Recorder struct {
	*Relay

	mu       sync.Mutex
	on       bool
	conns    int
	messages []Message
}

// NewRecorder returns a recorder in front of the server at an address of the network.
func NewRecorder(network, address string) (r *Recorder, err error) {
	r = &Recorder{}
	r.Relay, err = NewRelay(network, address, func() Tap {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.conns++
		return Tap{FromClient: (&recording{recorder: r, conn: r.conns}).read}
	})
	return r, err
}

// Record returns what the clients send while do runs.
func (r *Recorder) Record(do func() error) ([]Message, error) {
	r.mu.Lock()
	r.on, r.messages = true, nil
	r.mu.Unlock()
	err := do()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return slices.Clone(r.messages), err
}

func (r *Recorder) add(m Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.messages = append(r.messages, m)
	}
}

// recording reads the messages of a connection, by PostgreSQL's protocol, version 3.
type recording struct {
	recorder *Recorder
	conn     int
	started  bool   // the startup message, which has no type, has passed
	rest     []byte // of an incomplete message
	text     string // that was parsed last
}

func (r *recording) read(piece []byte) {
	r.rest = append(r.rest, piece...)
	for {
		header := 1
		if !r.started {
			header = 0
		}
		if len(r.rest) < header+4 {
			return
		}
		end := header + int(binary.BigEndian.Uint32(r.rest[header:]))
		if len(r.rest) < end {
			return
		}
		if r.started {
			r.message(r.rest[0], r.rest[5:end])
		}
		r.started, r.rest = true, r.rest[end:]
	}
}

func (r *recording) message(kind byte, body []byte) {
	switch kind {
	case 'Q':
		r.recorder.add(Message{Conn: r.conn, Text: string(bytes.TrimSuffix(body, []byte{0}))})
	case 'P': // name, text, types
		parts := bytes.SplitN(body, []byte{0}, 3)
		r.text = string(parts[1])
	case 'B':
		r.recorder.add(Message{Conn: r.conn, Text: r.text, Args: arguments(body)})
	}
}

// arguments reads portal, statement, formats and values. A binary value is a bytea's.
func arguments(body []byte) (args []*string) {
	body = bytes.SplitN(body, []byte{0}, 3)[2]
	short := func() int {
		n := int(binary.BigEndian.Uint16(body))
		body = body[2:]
		return n
	}
	formats := make([]int, short())
	for i := range formats {
		formats[i] = short()
	}
	for i := range short() {
		length := int(int32(binary.BigEndian.Uint32(body)))
		body = body[4:]
		if length < 0 {
			args = append(args, nil)
			continue
		}
		text := string(body[:length])
		if len(formats) == 1 && formats[0] == 1 || i < len(formats) && formats[i] == 1 {
			text = fmt.Sprintf(`\x%s`, hex.EncodeToString(body[:length]))
		}
		args, body = append(args, &text), body[length:]
	}
	return args
}
