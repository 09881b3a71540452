package pgwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// Wire is the connection below one of lib/pq's.
type Wire struct {
	bare             net.Conn
	dialer           *dialer
	network, address string
	cancelKey        []byte
}

// Break ends every wait for the network on the connection at once.
func (w *Wire) Break() { _ = w.bare.SetDeadline(longAgo) }

// cancelRequest is the code of the message in place of a protocol's version.
const cancelRequest = 80877102

// Cancel asks the server to cancel the statement that the connection waits for, on a
// connection of its own ("Message Flow, Canceling Requests in Progress" in PostgreSQL's
// manual). It returns when the server has passed the request on.
func (w *Wire) Cancel() error {
	if w.cancelKey == nil {
		return errors.New("the server sent no key to cancel with")
	}
	ctx, stop := context.WithTimeout(context.Background(), connectTimeout)
	defer stop()
	conn, err := w.dialer.DialContext(ctx, w.network, w.address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	message := binary.BigEndian.AppendUint32(nil, uint32(8+len(w.cancelKey)))
	message = binary.BigEndian.AppendUint32(message, cancelRequest)
	if _, err := conn.Write(append(message, w.cancelKey...)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}
