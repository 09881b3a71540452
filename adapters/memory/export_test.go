package memory

import "github.com/partywall-go/partywall/domain"

// Record records an event without a change.
func (db *DB) Record(event domain.Event) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.record(event)
}
