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

// upgradePoll is how often the supervisor looks at the programs of the server.
const upgradePoll = 5 * time.Second

// programs is what the supervisor has seen of the programs of the server that runs.
// When a package upgrade replaces them, the server goes on, but its new sessions
// load libraries of the other version and fail.
type programs struct {
	running  string // the stamp of those that it was started from
	seen     string // the stamp of the last look
	reported bool   // that they are gone
}

// stamp identifies the file that the server is started from; it's empty where
// there is none.
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

// started forgets what was seen of earlier programs.
func (u *programs) started(c *cluster) { *u = programs{running: c.stamp(), seen: c.stamp()} }

// replaced reports whether the server must be restarted since its programs are of
// another version than it is. An upgrade is given the time of one look to end.
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
