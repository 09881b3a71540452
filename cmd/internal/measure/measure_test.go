package measure_test

import (
	"bufio"
	"net"
	"sync/atomic"
	"testing"

	"github.com/partywall-go/partywall/cmd/internal/measure"
)

func TestPercentile(t *testing.T) {
	var values []int
	for i := range 200 {
		values = append(values, i+1)
	}
	for p, want := range map[int]int{50: 100, 99: 198, 100: 200, 1: 2} {
		if got := measure.Percentile(values, p); got != want {
			t.Errorf("p%d is %d, want %d", p, got, want)
		}
	}
	if got := measure.Percentile(values[:1], 99); got != 1 {
		t.Errorf("p99 of one is %d", got)
	}
}

func TestMedian(t *testing.T) {
	values := []float64{3, 1, 2, 4}
	if got := measure.Median(values); got != 3 {
		t.Errorf("got %v", got)
	}
	if values[0] != 3 {
		t.Errorf("the values were sorted: %v", values)
	}
}

func TestARelayPassesWhatItsTapsSee(t *testing.T) {
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
			_, _ = conn.Write([]byte("answer\n"))
		}
	}()
	var asked, answered atomic.Int64
	relay, err := measure.NewRelay("tcp", server.Addr().String(), func() measure.Tap {
		return measure.Tap{FromClient: func(b []byte) { asked.Add(int64(len(b))) }, FromServer: func(b []byte) { answered.Add(int64(len(b))) }}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	conn, err := net.Dial("tcp", relay.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for range 3 {
		if _, err := conn.Write([]byte("question\n")); err != nil {
			t.Fatal(err)
		}
		if got, err := answers.ReadString('\n'); err != nil || got != "answer\n" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if asked.Load() != 3*9 || answered.Load() != 3*7 {
		t.Errorf("the taps saw %d and %d bytes", asked.Load(), answered.Load())
	}
}
