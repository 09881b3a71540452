package measure

import (
	"slices"
	"testing"
)

// wire are the messages of a connection: its startup, two statements without arguments,
// and one with three, of which the second is NULL and the third binary.
const wire = "\x00\x00\x00\x09\x00\x03\x00\x00\x00" +
	"Q\x00\x00\x00\x0fBEGIN; ONE\x00" +
	"P\x00\x00\x00\x15\x00SELECT $1, $2\x00\x00\x00" +
	"B\x00\x00\x00\x23\x00\x00\x00\x03\x00\x00\x00\x00\x00\x01\x00\x03\x00\x00\x00\x03it'\xff\xff\xff\xff\x00\x00\x00\x02\x01\xff\x00\x00" +
	"Q\x00\x00\x00\x0bCOMMIT\x00"

func TestARecorderReadsWhatIsSent(t *testing.T) {
	for _, size := range []int{1, 3, 1000} {
		r := &Recorder{on: true}
		conn := recording{recorder: r, conn: 7}
		for piece := range slices.Chunk([]byte(wire), size) {
			conn.read(piece)
		}
		var got []string
		for _, m := range r.messages {
			if m.Conn != 7 {
				t.Errorf("the connection is %d", m.Conn)
			}
			got = append(got, m.SQL())
		}
		if want := []string{"BEGIN; ONE", "SELECT 'it''', NULL", "COMMIT"}; !slices.Equal(got, want) {
			t.Errorf("in pieces of %d bytes: got %q", size, got)
		}
		if args := r.messages[1].Args; *args[2] != `\x01ff` {
			t.Errorf("the bytea is %s", *args[2])
		}
	}
}

func TestArgumentsAreQuoted(t *testing.T) {
	for text, want := range map[string]string{"": "''", "a'b": "'a''b'", `\x00`: ` E'\\x00'`} {
		if got := Quote(text); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
	text := "x"
	m := Message{Text: "SELECT $1, $10, $0, '$x'", Args: slices.Repeat([]*string{&text}, 10)}
	if got := m.SQL(); got != "SELECT 'x', 'x', $0, '$x'" {
		t.Errorf("got %s", got)
	}
}
