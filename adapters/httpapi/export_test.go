package httpapi

import (
	"net/http"
	"time"
)

// NewWithPace is New with other bounds for a body and for a request, so that a
// test needn't wait for the usual ones.
func NewWithPace(config Config, body, work time.Duration) http.Handler {
	return newAPI(config, pace{body: body, work: work})
}

// CreationsPerAddress and the rest are the limits per minute.
const (
	CreationsPerAddress  = creationsPerAddress
	IdentitiesPerAddress = identitiesPerAddress
	IdentitiesPerEmail   = identitiesPerEmail
)
