package signedurl

import (
	"strings"
	"testing"
	"time"
)

func TestOnlyMovedBytesExtendTheDeadline(t *testing.T) {
	var deadline time.Time
	began := time.Now()
	p := newPace(func(d time.Time) error { deadline = d; return nil }, began)
	if deadline != began.Add(grace) {
		t.Errorf("at first there are %s", deadline.Sub(began))
	}
	r := &pacedReader{strings.NewReader(strings.Repeat("a", 10*bytesPerSec)), p}
	buffer := make([]byte, bytesPerSec/2)
	for range 3 {
		if _, err := r.Read(buffer); err != nil {
			t.Fatal(err)
		}
	}
	if deadline != began.Add(grace+time.Second) {
		t.Errorf("after a second and a half's bytes there are %s", deadline.Sub(began))
	}
	for range 17 {
		if _, err := r.Read(buffer); err != nil {
			t.Fatal(err)
		}
	}
	if deadline != began.Add(grace+10*time.Second) {
		t.Errorf("at the end there are %s", deadline.Sub(began))
	}
}
