package signedurl

import (
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Condition is a condition on the object under a key when an upload replaces it.
type Condition struct {
	Absent bool     // the object is absent
	Match  []string // the object has one of these ETags, of which "*" is any; nil: no condition
}

// matchOf reads If-Match, which has an ETag, a list of them or "*" (RFC 9110, section
// 13.1.1). As S3 does, it accepts an ETag without its quotes.
func matchOf(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	tags := []string{}
	for tag := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if tag = strings.TrimSpace(tag); tag != "*" && !strings.HasPrefix(tag, "W/") {
			tag = `"` + strings.Trim(tag, `"`) + `"`
		}
		tags = append(tags, tag)
	}
	return tags
}

// IsZero reports whether c has no condition.
func (c Condition) IsZero() bool { return !c.Absent && c.Match == nil }

// Check returns the error of an upload to a key that now has this object, or no
// object: a [domain.Conflict], or [domain.NotFound] if the upload must replace an
// absent one.
func (c Condition) Check(found bool, now Object) error {
	switch {
	case c.Absent && found:
		return domain.Errorf(domain.Conflict, "there is a file of this name already")
	case c.Match == nil:
		return nil
	case !found:
		return ports.ErrNoObject
	}
	for _, tag := range c.Match {
		if tag == "*" || tag == etagOf(now) {
			return nil
		}
	}
	return errStale
}
