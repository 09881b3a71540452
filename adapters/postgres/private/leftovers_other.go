//go:build !linux

package private

// family returns the postmaster, if one left its note and still lives.
func (c *cluster) family() []relative {
	if pid, _ := c.postmaster(); alive(pid) {
		return []relative{{pid, true}}
	}
	return nil
}

func (c *cluster) forgetStranger() error { return nil }
