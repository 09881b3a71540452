package ports

import "context"

// EventSequencer numbers events.
type EventSequencer interface {
	// Sequence gives their positions to events that were recorded and have none, in the
	// order of their IDs, at most [MaxSequence] of them, and returns how many. Positions
	// are 1, 2, 3 and so on, without a gap, and are never given twice, also where several
	// callers sequence at once, or a caller's process ends.
	//
	// The events of one tenant get their positions in the order in which its changes
	// were made. An event whose transaction is still open delays no others.
	Sequence(ctx context.Context) (int, error)
}

// MaxSequence is the largest number of events that [EventSequencer.Sequence] numbers
// in one call.
const MaxSequence = 1000
