package measure

import (
	"io"
	"net"
)

// Tap sees what passes a connection of a [Relay]. Either function may be nil. Both get
// each piece before it is passed on, and must not keep it.
type Tap struct {
	FromClient, FromServer func(piece []byte)
}

// Relay accepts connections on loopback, and passes what they send to a server and back.
type Relay struct {
	net.Listener
	network, address string
	tap              func() Tap
}

// NewRelay returns a relay to the server at an address of the network. It calls tap for
// each connection.
func NewRelay(network, address string, tap func() Tap) (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Relay{listener, network, address, tap}
	go r.accept()
	return r, nil
}

// Port returns the port that the relay listens on.
func (r *Relay) Port() int { return r.Addr().(*net.TCPAddr).Port }

func (r *Relay) accept() {
	for {
		client, err := r.Accept()
		if err != nil {
			return
		}
		go r.serve(client)
	}
}

func (r *Relay) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial(r.network, r.address)
	if err != nil {
		return
	}
	defer server.Close()
	tap := r.tap()
	go func() {
		_ = pump(client, server, tap.FromServer)
		client.Close()
	}()
	_ = pump(server, client, tap.FromClient)
}

func pump(to io.Writer, from io.Reader, passing func([]byte)) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if passing != nil {
				passing(buffer[:n])
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}
