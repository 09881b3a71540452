// Package skew compares our clock with that of a server.
package skew

import (
	"fmt"
	"time"

	"github.com/partywall-go/partywall/ports/doctor"
)

const (
	// doubtful is a difference that a synchronized clock does not have.
	doubtful = 5 * time.Second

	// harmful is a difference with which valid tokens are refused: an "iat" may be 60 s
	// in the future. S3 refuses signatures from 15 minutes on.
	harmful = time.Minute
)

// Compare compares our clock with a server's, which was read to within precision
// between before and after.
func Compare(server string, theirs, before, after time.Time, precision time.Duration) doctor.Finding {
	ours := before.Add(after.Sub(before) / 2)
	difference := ours.Sub(theirs)
	unsure := after.Sub(before)/2 + precision
	if difference.Abs() <= doubtful+unsure {
		return doctor.Pass("our clock agrees with that of " + server)
	}
	direction := "ahead of"
	if difference < 0 {
		direction = "behind"
	}
	what := fmt.Sprintf("our clock is %s %s that of %s", difference.Abs().Round(time.Second), direction, server)
	const fix = "keep this machine's clock in time: on AWS, chrony with the server 169.254.169.123; see: chronyc tracking"
	if difference.Abs() <= harmful+unsure {
		return doctor.Warn(what, fix)
	}
	return doctor.Fail(what+": good tokens or signatures are refused", fix)
}
