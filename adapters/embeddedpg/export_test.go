package embeddedpg

import (
	"context"
	"testing"
)

// UpgradePoll is how often the supervisor checks for an upgrade.
const UpgradePoll = upgradePoll

// DirOf returns where the data of a data folder are stored.
func DirOf(t *testing.T, dataDir string) string {
	t.Helper()
	c, err := locate(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	return c.data
}

// StartOnPort is [Start] for a data folder whose path is too long for a socket.
func StartOnPort(ctx context.Context, config Config) (*Server, error) {
	c, err := locate(config.DataDir)
	if err != nil {
		return nil, err
	}
	c.socket = false
	return open(ctx, c, config.BinDir, config.Logger)
}

// NameOf returns the name that appears in the titles of the server's processes.
func NameOf(t *testing.T, dataDir string) string {
	t.Helper()
	c, err := locate(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	return c.name()
}
