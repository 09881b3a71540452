// Package goose compares how Partywall and goose read one and the same folder of
// migrations. It is a module of its own, so that goose is no dependency of Partywall's.
package goose
