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

// Config selects the folders and the logger of a lasting server.
type Config struct {
	DataDir string       // DATA_DIR; created, closed to other users, if missing
	BinDir  string       // folder of initdb and postgres; empty: FindBinaries
	Logger  *slog.Logger // nil: nothing is logged
}

// Server is a running PostgreSQL server, which is restarted when it dies, until
// [Server.Close]. Its exported fields do not change.
type Server struct {
	Host              string        // the folder of its Unix socket, or 127.0.0.1 if that folder's path is too long for a socket
	Port              int           // also part of the socket's name
	User              string        // DB_USER: may create roles and databases, but is not a superuser
	Password          domain.Secret // of User
	Database          string        // the name of the database to use; User creates it
	SuperuserPassword domain.Secret // of the role "postgres", for maintenance
	Dir               string        // the data directory
	Found             bool          // it was already running, started by another process
	Where             string        // its address in words: the socket or the port

	cluster *cluster
	bin     string // as configured
	known   access
	logger  *slog.Logger
	lock    *flock.Flock // held by the process that runs the server

	orders   chan order
	cancel   context.CancelFunc
	closing  sync.Once
	deadline context.Context // of an orderly end; set before cancel is called
	done     chan struct{}   // closed when everything has ended
}

// Start returns the server on config's data folder when it is ready. It uses a server
// that already runs there, and otherwise starts one. It creates the cluster unless
// there is one. ctx limits the start only.
func Start(ctx context.Context, config Config) (*Server, error) {
	cluster, err := locate(config.DataDir)
	if err != nil {
		return nil, err
	}
	return open(ctx, cluster, config.BinDir, config.Logger)
}

// rootsFolder contains the clusters of root's servers, because the account that runs them cannot enter root's home.
const rootsFolder = "/var/lib/partywall"

// locate determines where the data of dataDir are stored, and creates dataDir.
func locate(dataDir string) (*cluster, error) {
	as, err := childserver.Unprivileged()
	if err != nil {
		return nil, err
	}
	home, err := ownfile.Folder(dataDir)
	if err != nil {
		return nil, fmt.Errorf("cannot use the data folder: %w", err)
	}
	c := &cluster{home: home, data: filepath.Join(home, "postgres"), as: as, lasting: true}
	if as != nil {
		c.data = filepath.Join(rootsFolder, hash(home))
	}
	c.socket = socketFits(c.socketFolder())
	return c, nil
}

// open finds or starts the server of a cluster. It waits at most a minute for another
// process that holds the lock.
func open(ctx context.Context, c *cluster, bin string, logger *slog.Logger) (*Server, error) {
	lock, err := ownfile.Lock(c.lockFile())
	if err != nil {
		return nil, fmt.Errorf("cannot use the lock of PostgreSQL: %w", err)
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
			return nil, fmt.Errorf("cannot use the data folder %s: %w", c.home, err)
		case mine:
			return s.openOwn(ctx)
		case s.find(ctx):
			return s.openFound(), nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-giveUp:
			return nil, fmt.Errorf("another process holds %s, but its PostgreSQL is not ready: see %s", c.lockFile(), c.logFile())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// openOwn starts the server. The caller holds the lock.
func (s *Server) openOwn(ctx context.Context) (*Server, error) {
	begin := time.Now()
	p, err := s.launch(ctx)
	if err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	s.logger.Info("PostgreSQL is ready", "at", s.known.where(), "dir", s.Dir, "took", time.Since(begin).Round(time.Millisecond))
	return s.begin(p), nil
}

// find reports whether a server of another process is ready, and reads how to connect to it.
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

// begin sets the exported fields and starts the supervisor.
func (s *Server) begin(p *childserver.Process) *Server {
	s.Host, s.Port, s.Where = s.known.host, s.known.port, s.known.where()
	s.Password, s.SuperuserPassword = domain.NewSecret(s.known.loginPassword), domain.NewSecret(s.known.superuserPassword)
	life, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.supervise(life, p)
	return s
}

// launch creates the cluster unless it exists, and starts the server.
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

// startOnPort starts the server on the loopback port that it had before, or on
// another port if that one is taken.
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
		if err == nil || attempt == 10 || !errors.Is(err, errPortTaken) { // another program took the port first
			return p, err
		}
	}
}

// startAt writes the address in known to the password file, and then starts the server there.
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

// relaunch starts the server at the address that its callers already use.
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
