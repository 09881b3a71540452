package embeddedpg

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// upgradePoll is how often the supervisor checks the programs of the server.
const upgradePoll = 5 * time.Second

// programs records what the supervisor has seen of the running server's programs.
// When a package upgrade replaces them, the server continues, but its new sessions
// load libraries of the other version and fail.
type programs struct {
	running  string // the stamp of the programs that it was started from
	seen     string // the stamp at the last check
	reported bool   // their absence was logged
}

// stamp identifies the file that the server is started from. It is empty if there is
// none.
func (c *cluster) stamp() string {
	info, err := os.Stat(filepath.Join(c.bin, "postgres"))
	if err != nil {
		return ""
	}
	stamp := fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		stamp += fmt.Sprint(" ", stat.Dev, stat.Ino)
	}
	return stamp
}

// started resets what was seen of earlier programs.
func (u *programs) started(c *cluster) { *u = programs{running: c.stamp(), seen: c.stamp()} }

// replaced reports whether the server must be restarted because its programs now have
// another version. An upgrade has the time until the next check to complete.
func (u *programs) replaced(ctx context.Context, s *Server) bool {
	now := s.cluster.stamp()
	settled := now == u.seen
	u.seen = now
	if now == u.running || !settled {
		return false
	}
	fresh := *s.cluster
	if err := fresh.findServer(ctx, s.bin); err != nil {
		if ctx.Err() == nil && !u.reported {
			u.reported = true
			s.logger.Error("the programs of the running PostgreSQL were removed or replaced: install its version again", "version", s.cluster.version, "dir", s.cluster.bin, "err", err)
		}
		return false
	}
	if fresh.bin == s.cluster.bin && fresh.version == s.cluster.version {
		u.running = now // installed again
		return false
	}
	s.logger.Warn("PostgreSQL was upgraded on this machine and is restarted", slog.String("from", versionOf(s.cluster.version)), slog.String("to", versionOf(fresh.version)))
	return true
}
