// Package problem answers requests with problem documents (RFC 9457).
package problem

import (
	"net/http"
	"strconv"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// statuses has the status of each kind, except for the codes of [statusesOfCodes].
var statuses = map[domain.Kind]int{
	domain.Internal:        http.StatusInternalServerError,
	domain.Invalid:         http.StatusBadRequest,
	domain.Unauthenticated: http.StatusUnauthorized,
	domain.Forbidden:       http.StatusForbidden,
	domain.NotFound:        http.StatusNotFound,
	domain.Conflict:        http.StatusConflict,
	domain.TooLarge:        http.StatusRequestEntityTooLarge,
	domain.Unprocessable:   http.StatusUnprocessableEntity,
	domain.Limited:         http.StatusTooManyRequests,
	domain.Unavailable:     http.StatusServiceUnavailable,
}

// StatusOf returns the HTTP status of the error.
func StatusOf(e *domain.Error) int {
	if status, found := statusesOfCodes[e.Code]; found {
		return status
	}
	if status, found := statuses[e.Kind]; found {
		return status
	}
	return http.StatusInternalServerError
}

// Document is a problem document. Its type is always about:blank: Code distinguishes
// the problems.
type Document struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Code      domain.Code       `json:"code"`
	Message   string            `json:"message"` // Detail again, for clients of the first version
	Field     string            `json:"field,omitempty"`
	RequestID string            `json:"requestId,omitempty"`
	Details   map[string]string `json:"details,omitempty"`
}

// Write answers with the document of the error, which no cache may keep. The answer
// to an error that passes by waiting has Retry-After.
func Write(w http.ResponseWriter, status int, requestID string, e *domain.Error) {
	header, public := w.Header(), spelled(e, requestID)
	header.Set("Cache-Control", "no-store")
	if e.Kind == domain.Limited || e.Kind == domain.Unavailable {
		SetRetryAfter(header, e.RetryAfter)
	}
	_ = WriteJSON(w, status, "application/problem+json", Document{ // of strings and a number: it can be encoded
		Type:      "about:blank",
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    public.Message,
		Code:      public.Code,
		Message:   public.Message,
		Field:     public.Field,
		RequestID: requestID,
		Details:   public.Details,
	})
}

// SetRetryAfter asks the caller to wait, in whole seconds and at least one (RFC 9110,
// section 10.2.3).
func SetRetryAfter(header http.Header, wait time.Duration) {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	header.Set("Retry-After", strconv.FormatInt(seconds, 10))
}
