package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/ports/doctor"
)

func serveCommand() command {
	return command{
		name:    "serve",
		summary: "serve the API; unconfigured parts are built in (the default)",
		details: "SIGINT (Ctrl-C), SIGTERM and SIGHUP stop it within 10 s. Requests in flight have 8 s to end. The configuration is\n" +
			"read at the start alone.",
		flags: []option{
			boolFlag("memory", "keep everything in memory: nothing is left at the end, and no other process sees it"),
			boolFlag("mixed", "allow real parts next to built-in ones, which is what a forgotten variable looks like"),
			boolFlag("expose", "allow built-in parts on an address that other machines reach"),
			boolFlag("without-file-isolation", "allow an object store that lets a member reach other tenants' files, such as an emulator that doesn't verify signatures; serve tries any store but Amazon's"),
		},
		run: serve,
	}
}

func serve(ctx context.Context, c console, cmd invocation) error {
	expose := cmd.Bool("expose")
	cfg, err := c.config(c.err)
	if err != nil {
		return err
	}
	cfg.Memory = cmd.Bool("memory")
	cfg.S3.WithoutIsolation = cfg.S3.WithoutIsolation || cmd.Bool("without-file-isolation")
	if err := refuseMistypes(ctx, cfg, cmd.Bool("mixed"), expose); err != nil {
		return err
	}
	listener, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer listener.Close()

	defer outliveReaders()()
	began := time.Now()
	pw, err := open(ctx, c, cfg)
	if err != nil {
		return err
	}
	if err := pw.MayProvision(ctx); err != nil {
		return errors.Join(err, pw.Close())
	}
	banner(c, cfg, pw, listener.Addr(), time.Since(began))
	for _, f := range app.CheckConfig(ctx, cfg) {
		if f.Severity == doctor.Error || f.Severity == doctor.Warning && f.Check == "public-url" && expose {
			cfg.Logger.Warn(f.Summary, "fix", f.Fix)
		}
	}
	stopping, cancel := outlive(ctx, stopPatience)
	defer cancel()
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		lookWhetherReady(ctx, cfg.Logger, localURL(listener.Addr())+c.program.mount(cfg))
	}()
	err = pw.ServeHandler(ctx, listener, c.program.handler(pw))
	<-looked
	return errors.Join(err, pw.Shutdown(stopping))
}

// outliveReaders keeps the process from ending with the program that reads its log from
// a pipe, until the function that it returns is called. Processes that it starts are not
// affected, as they would be by [signal.Ignore].
func outliveReaders() (stop func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}

// stopPatience limits an orderly stop, including requests in flight.
// The rest is then stopped by force, within 10 s of the signal in all.
const stopPatience = 9300 * time.Millisecond

// outlive returns a context that ends d after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return later, cancel
}

// open starts everything. On a machine without PostgreSQL, if no database is configured,
// it prints a warning and continues in memory.
func open(ctx context.Context, c console, cfg app.Config) (*app.Partywall, error) {
	pw, err := app.New(ctx, cfg)
	if !errors.Is(err, app.ErrNoPostgres) || len(cfg.BuiltIn()) < 3 {
		return pw, aboutDataDir(cfg, err)
	}
	fmt.Fprintf(c.err, "\n  !!  There is no PostgreSQL on this machine: everything is kept in memory, and is lost when the program ends.\n  !!  %v\n\n", err)
	cfg.Memory = true
	return app.New(ctx, cfg)
}

// aboutDataDir adds to an error about a file below DATA_DIR what to do.
func aboutDataDir(cfg app.Config, err error) error {
	file, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok || !isBelow(cfg.DataDir, file.Path):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("DATA_DIR=%s: %w; free space on that disk, or set DATA_DIR to a folder on another one", cfg.DataDir, err)
	}
	return fmt.Errorf("DATA_DIR=%s: %w; make it a folder that this user may write in, or set DATA_DIR to another one", cfg.DataDir, err)
}

// isBelow reports whether path is folder, is below it, or contains it.
func isBelow(folder, path string) bool {
	folder, err1 := filepath.Abs(folder)
	path, err2 := filepath.Abs(path)
	return err1 == nil && err2 == nil && (strings.HasPrefix(path+"/", folder+"/") || strings.HasPrefix(folder+"/", path+"/"))
}

func listen(ctx context.Context, cfg app.Config) (net.Listener, error) {
	address := net.JoinHostPort(cfg.ListenHost(), strconv.Itoa(cfg.Port))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %d is taken: stop the program that listens there, or set PORT to another one", cfg.Port)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("port %d may not be used by this user: set PORT to one above 1023", cfg.Port)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on HOST and PORT: %w", err)
	}
	return listener, nil
}
