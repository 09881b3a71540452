package pgtest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// SocketTo returns the folder of a Unix socket that leads to a server on TCP.
func SocketTo(t *testing.T, address string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "pw") // short: a socket's path has at most 103 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	_, port, _ := net.SplitHostPort(address)
	Forward(t, filepath.Join(folder, ".s.PGSQL."+port), address)
	return folder
}

// Forward listens on a Unix socket, and passes connections on.
func Forward(t *testing.T, socket, address string) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				backend, err := net.Dial("tcp", address)
				if err != nil {
					return
				}
				defer backend.Close()
				go func() {
					_, _ = io.Copy(backend, client)
					_ = backend.(*net.TCPConn).CloseWrite()
				}()
				_, _ = io.Copy(client, backend)
			}()
		}
	}()
}
