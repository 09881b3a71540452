package pg

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
)

// closing is a connection that can only be closed.
type closing struct {
	libConn
	err error
}

func (c closing) Close() error { return c.err }

func TestClosingAConnectionThatIsGoneIsNoError(t *testing.T) {
	gone := &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	if err := (&Conn{libConn: closing{err: gone}}).Close(); err != nil {
		t.Errorf("got %v", err)
	}
	other := errors.New("other")
	if err := (&Conn{libConn: closing{err: other}}).Close(); !errors.Is(err, other) {
		t.Errorf("got %v", err)
	}
}
