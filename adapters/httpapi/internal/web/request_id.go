package web

import (
	"crypto/rand"
	"net/http"
)

const (
	headerRequestID = "X-Request-Id" // as Go spells X-Request-ID
	maxRequestIDLen = 64
)

// requestID returns the caller's X-Request-ID if it is 1 to 64 of A-Za-z0-9._- and a
// new one if it is not.
func requestID(header http.Header) string {
	if id := header.Get(headerRequestID); validRequestID(id) {
		return id
	}
	return rand.Text()
}

func validRequestID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return id != "" && len(id) <= maxRequestIDLen
}
