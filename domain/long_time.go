package domain

import "time"

// LongTime returns t as people read it in a mail or on a page, to the minute and in UTC:
// "2 January 2006, 15:04 UTC".
func LongTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
