package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// halves are incomplete requests.
var halves = []string{
	"GET /readyz HTTP/1.1\r\nHo",
	"POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	"POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"em",
	"GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\r\n\r\n",
}

// withTenant starts a server with a tenant acme and nothing configured.
func (l *testbed) withTenant(ctx context.Context) (*server, error) {
	s, err := l.serve(ctx, nil)
	if err != nil {
		return nil, err
	}
	if status, _ := s.create(ctx, "acme"); status != http.StatusCreated {
		return nil, fmt.Errorf("creating a tenant returns %d", status)
	}
	return s, nil
}

func hangUps(ctx context.Context, bed *testbed) (string, error) {
	s, err := bed.withTenant(ctx)
	if err != nil {
		return "", err
	}
	before := s.files()
	for i := range 1000 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return "", err
		}
		_, _ = io.WriteString(conn, halves[i%len(halves)])
		conn.Close()
	}
	return s.asBefore(ctx, before)
}

func slowClients(ctx context.Context, bed *testbed) (string, error) {
	s, err := bed.withTenant(ctx)
	if err != nil {
		return "", err
	}
	before := s.files()
	cut := make(chan time.Duration, 500)
	for i := range cap(cut) {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return "", err
		}
		go dawdle(conn, halves[i%3], cut)
	}
	worst := time.Duration(0)
	for range 50 {
		began := time.Now()
		if status := s.answers(ctx, "acme"); status != http.StatusOK {
			return "", fmt.Errorf("others get %d meanwhile", status)
		}
		worst = max(worst, time.Since(began))
		time.Sleep(20 * time.Millisecond)
	}
	longest := time.Duration(0)
	for range cap(cut) {
		select {
		case d := <-cut:
			longest = max(longest, d)
		case <-time.After(60 * time.Second):
			return "", fmt.Errorf("some are still connected after a minute")
		}
	}
	after, err := s.asBefore(ctx, before)
	return fmt.Sprintf("cut after %.0f s at most; others waited %d ms at most; %s", longest.Seconds(), worst.Milliseconds(), after), err
}

// dawdle sends a byte a second until the connection is cut.
func dawdle(conn net.Conn, text string, cut chan<- time.Duration) {
	began := time.Now()
	defer conn.Close()
	go func() { _, _ = io.Copy(io.Discard, conn); conn.Close() }()
	for i := 0; ; i++ {
		if _, err := conn.Write([]byte{text[min(i, len(text)-1)]}); err != nil {
			cut <- time.Since(began)
			return
		}
		time.Sleep(time.Second)
	}
}

func sigterm(ctx context.Context, bed *testbed) (string, error) {
	s, err := bed.withTenant(ctx)
	if err != nil {
		return "", err
	}
	for i := range 100 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return "", err
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, halves[i%len(halves)])
	}
	time.Sleep(200 * time.Millisecond)
	code, took, err := s.stop()
	if err == nil && (code != 0 || took > 10*time.Second) {
		err = fmt.Errorf("exit %d after %s", code, took)
	}
	return fmt.Sprintf("exit 0 after %.1f s", took.Seconds()), err
}

// asBefore waits until the program serves and has no more open files than before.
func (s *server) asBefore(ctx context.Context, files int) (string, error) {
	began := time.Now()
	for time.Since(began) < 20*time.Second {
		client.CloseIdleConnections()
		if s.answers(ctx, "acme") == http.StatusOK && s.files() <= files+10 {
			return fmt.Sprintf("%d open files before, %d after", files, s.files()), nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", fmt.Errorf("GET / returns %d; %d open files before, %d after", s.answers(ctx, "acme"), files, s.files())
}
