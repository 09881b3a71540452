package doctor

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/ports/doctor"
)

func TestLockRoom(t *testing.T) {
	t.Parallel()
	if f := (lockRoom{Relations: 5100, Each: 64, Sessions: 100}).judge(); f.Severity != doctor.OK {
		t.Errorf("with a fifth to spare: %+v", f)
	}
	f := lockRoom{Relations: 14400, Each: 64, Sessions: 100}.judge()
	if f.Severity != doctor.Warning || !strings.Contains(f.Summary, "14400 tables") {
		t.Errorf("without room: %+v", f)
	}
	if after := (lockRoom{Relations: 14400, Each: 288, Sessions: 100}).judge(); !strings.Contains(f.Fix, " 288 ") || after.Severity != doctor.OK {
		t.Errorf("as advised by %q: %+v", f.Fix, after)
	}
}
