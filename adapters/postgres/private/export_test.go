package private

import "testing"

// DirOf tells where the data of a data folder lie.
func DirOf(t *testing.T, dataDir string) string {
	t.Helper()
	c, err := locate(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	return c.data
}
