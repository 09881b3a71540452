package domain

// FileSize is the size of a file in bytes. The zero FileSize is open: the file may have
// any size.
type FileSize struct {
	bytes int64
	given bool
}

// NewFileSize returns the size of a file of n bytes, which may be 0. A negative n is
// [Invalid] on field "size".
func NewFileSize(n int64) (FileSize, error) {
	if n < 0 {
		return FileSize{}, Invalidf("size", "a size is not negative")
	}
	return FileSize{n, true}, nil
}

// Bytes returns the size in bytes. It reports false if the size is open.
func (s FileSize) Bytes() (n int64, given bool) { return s.bytes, s.given }

// IsOpen reports whether the file may have any size.
func (s FileSize) IsOpen() bool { return !s.given }
