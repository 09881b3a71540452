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
