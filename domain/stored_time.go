package domain

import "time"

// storedTime returns t in UTC, in the precision that every store keeps.
func storedTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
