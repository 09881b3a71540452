//go:build !race

package postgresql18_test

const race = false // whether the race detector is on
