package memory_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	porttest.Events(t, func(t *testing.T) porttest.EventLog {
		db := &memory.DB{}
		events := db.Events()
		return porttest.EventLog{
			Sequencer: events, Reader: events, Consumers: events, Operations: events, Retention: events,
			Record: func(_ *testing.T, event domain.Event) { db.Record(event) },
		}
	})
}
