package skew_test

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/skew"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestCompare(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		theirs   time.Duration
		took     time.Duration
		severity doctor.Severity
		says     string
	}{
		{0, 0, doctor.OK, "agrees"},
		{5 * time.Second, 0, doctor.OK, "agrees"},
		{20 * time.Second, 0, doctor.Warning, "20s behind"},
		{-20 * time.Second, 0, doctor.Warning, "20s ahead of"},
		{-5 * time.Minute, 0, doctor.Error, "5m0s ahead of"},
		{5 * time.Minute, 0, doctor.Error, "5m0s behind"},
		{8 * time.Second, 4 * time.Second, doctor.OK, "agrees"}, // the answer took long, so the difference is unknown
	} {
		got := skew.Compare("S3", now.Add(c.theirs), now, now.Add(c.took), time.Second)
		if got.Severity != c.severity || !strings.Contains(got.Summary, c.says) {
			t.Errorf("a server %s away, asked for %s: %+v", c.theirs, c.took, got)
		}
	}
}
