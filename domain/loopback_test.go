package domain_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.8.9.10": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "192.0.2.1": false, "::ffff:192.0.2.1": false, "localhost.example.com": false, "127.0.0.1:80": false, "[::1]": false,
	} {
		if got := domain.IsLoopback(host); got != want {
			t.Errorf("%q: got %t", host, got)
		}
	}
}
