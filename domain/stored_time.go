package domain

import "time"

// LastYear is the last year of a time that is stored: RFC 3339, which events and answers
// are written in, has no later one.
const LastYear = 9999

// storedTime returns t in UTC, in the precision that every store keeps.
func storedTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
