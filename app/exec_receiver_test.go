package app_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// TestAReceiverThatDoesNotReturnEndsItsCallAlone has the function that receives rows panic,
// and end its goroutine as FailNow does.
func TestAReceiverThatDoesNotReturnEndsItsCallAlone(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	several := app.Execution{SQL: "SELECT generate_series(1, 1000)", Reason: "a report", Tenants: []domain.TenantID{acme.ID}, Workers: 2}
	for range 5 {
		several.Tenants = append(several.Tenants, acme.Another(t).ID)
	}
	for how, end := range map[string]func(){"a panic": func() { panic("lost my mind") }, "an ended goroutine": runtime.Goexit} {
		t.Run(how, func(t *testing.T) {
			calls, returned, ended := 0, false, make(chan any)
			go func() {
				defer func() { ended <- recover() }()
				_ = acme.Exec(t.Context(), access.Installation(), several, func(app.ExecutedRow) error {
					calls++
					end()
					return nil
				})
				returned = true
			}()
			select {
			case value := <-ended:
				if returned || calls != 1 || (value == "lost my mind") != (how == "a panic") {
					t.Errorf("returned %t, %d calls, recovered %v", returned, calls, value)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("Exec still waits")
			}
		})
	}
	rows := 0
	if err := acme.Exec(t.Context(), access.Installation(), several, func(app.ExecutedRow) error { rows++; return nil }); err != nil || rows != 6000 {
		t.Errorf("afterwards: %d rows, %v", rows, err)
	}
}
