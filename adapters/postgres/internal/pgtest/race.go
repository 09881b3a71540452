//go:build race

package pgtest

const race = true // whether the race detector is on
