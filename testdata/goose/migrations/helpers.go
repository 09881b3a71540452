// Package migrations has what goose leaves aside, too: a .go file without a number.
package migrations
