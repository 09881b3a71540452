package domain

// How many entries a page of a list has.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// PageLimit returns the number of entries of a page for a caller who asks for limit: 0
// is [DefaultPage]. A number that is negative or beyond [MaxPage] is [Invalid] on field
// "limit".
func PageLimit(limit int) (int, error) {
	switch {
	case limit == 0:
		return DefaultPage, nil
	case limit < 0, limit > MaxPage:
		return 0, Invalidf("limit", "a limit is a number from 1 to %d", MaxPage)
	}
	return limit, nil
}
