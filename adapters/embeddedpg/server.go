package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
	"github.com/partywall-go/partywall/adapters/internal/ownfile"
	"github.com/partywall-go/partywall/domain"
)

// Config says where a lasting server keeps what it needs.
type Config struct {
	DataDir string       // DATA_DIR; made, closed to other users, where it's missing
	BinDir  string       // folder of initdb and postgres; empty: FindBinaries
	Logger  *slog.Logger // nil: nothing is logged
}

// Server is a PostgreSQL that runs, and is started again when it dies, until
// [Server.Close]. Its exported fields don't change.
type Server struct {
	Host              string        // the folder of its Unix socket, or 127.0.0.1 where that folder's path is too long for one
	Port              int           // also in the name of the socket
	User              string        // DB_USER: may make roles and databases, but is no superuser
	Password          domain.Secret // of User
	Database          string        // the name to use; making it is up to the user
	SuperuserPassword domain.Secret // of the role "postgres", for maintenance
	Dir               string        // the data directory
	Found             bool          // it ran already, started by another process
	Where             string        // it listens, for a person: the socket or the port

	cluster *cluster
	bin     string // as configured
	known   access
	logger  *slog.Logger
	lock    *flock.Flock // held by the process that runs the server

	orders   chan order
	cancel   context.CancelFunc
	closing  sync.Once
	deadline context.Context // of an orderly end; set before cancel is called
	done     chan struct{}   // closed when all has ended
}

// Start returns the server on config's data folder when it's ready: the one
// that runs there, or else one that it starts, on a cluster that it makes
// unless there is one. ctx bounds the start only.
func Start(ctx context.Context, config Config) (*Server, error) {
	cluster, err := locate(config.DataDir)
	if err != nil {
		return nil, err
	}
	return open(ctx, cluster, config.BinDir, config.Logger)
}

// rootsFolder holds the clusters of root's servers, since the user that runs them can't enter root's home.
const rootsFolder = "/var/lib/partywall"

// locate tells where the data of dataDir lie, and makes dataDir.
func locate(dataDir string) (*cluster, error) {
	as, err := childserver.Unprivileged()
	if err != nil {
		return nil, err
	}
	home, err := ownfile.Folder(dataDir)
	if err != nil {
		return nil, fmt.Errorf("the data folder can't be used: %w", err)
	}
	c := &cluster{home: home, data: filepath.Join(home, "postgres"), as: as, lasting: true}
	if as != nil {
		c.data = filepath.Join(rootsFolder, hash(home))
	}
	c.socket = socketFits(c.socketFolder())
	return c, nil
}

// open finds or starts the server of a cluster. It ends the wait for another
// process that holds the lock after a minute.
func open(ctx context.Context, c *cluster, bin string, logger *slog.Logger) (*Server, error) {
	lock, err := ownfile.Lock(c.lockFile())
	if err != nil {
		return nil, fmt.Errorf("the lock of PostgreSQL can't be used: %w", err)
	}
	s := &Server{
		User: login, Database: login, Dir: c.data,
		cluster: c, bin: bin, logger: orDiscard(logger), lock: lock,
		orders: make(chan order), done: make(chan struct{}),
	}
	giveUp := time.After(time.Minute)
	for {
		mine, err := s.lock.TryLock()
		switch {
		case err != nil:
			return nil, fmt.Errorf("the data folder %s can't be used: %w", c.home, err)
		case mine:
			return s.openOwn(ctx)
		case s.find(ctx):
			return s.openFound(), nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-giveUp:
			return nil, fmt.Errorf("another process holds %s, but its PostgreSQL isn't ready: see %s", c.lockFile(), c.logFile())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// openOwn starts the server. The lock is held.
func (s *Server) openOwn(ctx context.Context) (*Server, error) {
	begin := time.Now()
	p, err := s.launch(ctx)
	if err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	s.logger.Info("PostgreSQL is ready", "at", s.known.where(), "dir", s.Dir, "took", time.Since(begin).Round(time.Millisecond))
	return s.begin(p), nil
}

// find reports whether a server of another process is ready, and learns how to connect to it.
func (s *Server) find(ctx context.Context) bool {
	known, err := readAccess(s.cluster.passFile())
	if _, ready := s.cluster.postmaster(); err != nil || !ready || ping(ctx, known) != nil {
		return false
	}
	s.known = known
	return true
}

func (s *Server) openFound() *Server {
	s.Found = true
	s.logger.Info("PostgreSQL was found running", "at", s.known.where(), "dir", s.Dir)
	return s.begin(nil)
}

// begin fills in what callers see and has the server watched over.
func (s *Server) begin(p *childserver.Process) *Server {
	s.Host, s.Port, s.Where = s.known.host, s.known.port, s.known.where()
	s.Password, s.SuperuserPassword = domain.NewSecret(s.known.loginPassword), domain.NewSecret(s.known.superuserPassword)
	life, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.supervise(life, p)
	return s
}

// launch makes the cluster unless there is one, and starts the server.
func (s *Server) launch(ctx context.Context) (*childserver.Process, error) {
	c := s.cluster
	if err := c.findServer(ctx, s.bin); err != nil {
		return nil, err
	}
	if err := c.stopLeftovers(ctx); err != nil {
		return nil, err
	}
	known, err := c.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if c.socket {
		known.host, known.port = c.socketFolder(), socketPort
		return s.startAt(ctx, known)
	}
	return s.startOnPort(ctx, known)
}

// startOnPort starts the server on the port of loopback that it had before, or on
// another if that is taken.
func (s *Server) startOnPort(ctx context.Context, known access) (*childserver.Process, error) {
	if known.host != loopback {
		known.host, known.port = loopback, 0
	}
	for attempt := 1; ; attempt++ {
		var err error
		if known.port, err = settle(known.port); err != nil {
			return nil, err
		}
		p, err := s.startAt(ctx, known)
		if err == nil || attempt == 10 || !errors.Is(err, errPortTaken) { // by a quicker program
			return p, err
		}
	}
}

// startAt starts the server where known says, once the file of passwords says so too.
func (s *Server) startAt(ctx context.Context, known access) (*childserver.Process, error) {
	if err := known.write(s.cluster.passFile()); err != nil {
		return nil, err
	}
	p, err := s.cluster.start(ctx, known)
	if err != nil {
		return nil, err
	}
	s.known = known
	return p, nil
}

// relaunch starts a server that callers know already: at the same place.
func (s *Server) relaunch(ctx context.Context) (*childserver.Process, error) {
	if err := s.cluster.findServer(ctx, s.bin); err != nil {
		return nil, err
	}
	if err := s.cluster.stopLeftovers(ctx); err != nil {
		return nil, err
	}
	return s.cluster.start(ctx, s.known)
}

func orDiscard(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}
