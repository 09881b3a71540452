//go:build race

package postgresql18_test

const race = true // whether the race detector is on
