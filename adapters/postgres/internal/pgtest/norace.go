//go:build !race

package pgtest

const race = false // whether the race detector is on
