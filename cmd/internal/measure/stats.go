// Package measure is what the programs that measure share.
package measure

import (
	"cmp"
	"slices"
)

// Percentile returns the least of the sorted values that p percent do not exceed.
func Percentile[T cmp.Ordered](sorted []T, p int) T {
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// Median returns the middle value, the upper one of two. It leaves values as they are.
func Median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
