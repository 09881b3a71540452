package main

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

func TestHowOftenTimesTellApart(t *testing.T) {
	low, high := []time.Duration{1, 2, 3}, []time.Duration{4, 5, 6}
	if up, down, same := longer(high, low), longer(low, high), longer(low, low); up != 1 || down != 0 || same != 0.5 {
		t.Errorf("got %v, %v, %v", up, down, same)
	}
}

func TestAnAnswerIsReadToItsEnd(t *testing.T) {
	const good = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
	r := bufio.NewReader(strings.NewReader(good + good))
	for range 2 {
		if err := readAnswer(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", "HTTP/1.1 500 Oops\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", good[:len(good)-1], "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"} {
		if readAnswer(bufio.NewReader(strings.NewReader(bad))) == nil {
			t.Errorf("%q is taken for an answer", bad)
		}
	}
}

func TestARoundTripIsAQuestionAndItsAnswer(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			if lines.Text() == "?" {
				_, _ = conn.Write([]byte("!"))
			}
		}
	}()
	c, err := newCounter("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	conn, err := net.Dial("tcp", c.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 3 { // each in two pieces, of which the first isn't answered
		for _, piece := range []string{"a\n", "?\n"} {
			if _, err := conn.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.trips.Load(); n != 3 {
		t.Errorf("counted %d round trips, not 3", n)
	}
}
