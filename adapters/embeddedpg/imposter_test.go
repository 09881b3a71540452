package embeddedpg

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"
)

// TestAnImposterGetsNoPassword lets another program listen at the server's address and
// ask for the password.
func TestAnImposterGetsNoPassword(t *testing.T) {
	t.Parallel()
	for name, asks := range map[string]string{
		"in clear text": "R\x00\x00\x00\x08\x00\x00\x00\x03",
		"as MD5":        "R\x00\x00\x00\x0c\x00\x00\x00\x05salt",
		"not at all":    "R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			heard := make(chan []byte, 1)
			go func() {
				client, err := listener.Accept()
				if err != nil {
					return
				}
				defer client.Close()
				_ = client.SetDeadline(time.Now().Add(20 * time.Second))
				buffer := make([]byte, 4096)
				_, _ = client.Read(buffer) // the startup message
				_, _ = client.Write([]byte(asks))
				n, _ := client.Read(buffer)
				heard <- buffer[:n]
			}()
			known := access{host: "127.0.0.1", port: listener.Addr().(*net.TCPAddr).Port, loginPassword: "the password"}
			if err := ping(t.Context(), known); err == nil {
				t.Error("it is accepted as our server")
			}
			if sent := <-heard; bytes.Contains(sent, []byte("password")) || bytes.Contains(sent, []byte("md5")) || len(sent) > 0 && sent[0] == 'Q' {
				t.Errorf("it was sent %q", sent)
			}
		})
	}
}

// TestAnImposterThatSaysNothing checks that a silent program is given up after a time.
func TestAnImposterThatSaysNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	ended := make(chan error, 1)
	go func() {
		ended <- ping(context.Background(), access{host: "127.0.0.1", port: listener.Addr().(*net.TCPAddr).Port, loginPassword: "the password"})
	}()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it is accepted as our server")
		}
	case <-time.After(2 * time.Minute):
		t.Error("the log-in never ends")
	}
}
