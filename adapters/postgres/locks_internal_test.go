package postgres

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/ports"
)

func TestLockRoom(t *testing.T) {
	t.Parallel()
	if f := (lockRoom{Tables: 5100, Each: 64, Sessions: 100}).judge(); f.Severity != ports.SeverityOK {
		t.Errorf("with a fifth to spare: %+v", f)
	}
	f := lockRoom{Tables: 14400, Each: 64, Sessions: 100}.judge()
	if f.Severity != ports.SeverityWarning || !strings.Contains(f.What, "14400 tables") {
		t.Errorf("without room: %+v", f)
	}
	if after := (lockRoom{Tables: 14400, Each: 288, Sessions: 100}).judge(); !strings.Contains(f.Mend, " 288 ") || after.Severity != ports.SeverityOK {
		t.Errorf("as advised by %q: %+v", f.Mend, after)
	}
}
