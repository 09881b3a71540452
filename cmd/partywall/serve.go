package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/app"
)

func serve(ctx context.Context, c console, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	memory := flags.Bool("memory", false, "keep everything in memory")
	mixed := flags.Bool("mixed", false, "allow real parts next to built-in ones")
	expose := flags.Bool("expose", false, "allow built-in parts on an address that isn't loopback")
	if _, err := parseFlags(flags, args); err != nil {
		return err
	}
	cfg, err := app.ConfigFromEnv(c.err)
	if err != nil {
		return err
	}
	cfg.Memory = *memory
	if err := refuseMistypes(cfg, *mixed, *expose); err != nil {
		return err
	}
	listener, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer listener.Close()

	began := time.Now()
	pw, err := open(ctx, c, cfg)
	if err != nil {
		return err
	}
	banner(c, cfg, pw, listener.Addr(), time.Since(began))
	stopping, cancel := outlive(ctx, stopPatience)
	defer cancel()
	err = pw.Serve(ctx, listener)
	return errors.Join(err, pw.Shutdown(stopping))
}

// stopPatience is how long an orderly stop may take, requests in flight included.
// What has to be ended by force then is, within 10 s of the signal in all.
const stopPatience = 9300 * time.Millisecond

// outlive returns a context that ends d after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return later, cancel
}

// open starts everything; where there is no PostgreSQL for what was left
// unconfigured, it says so and goes on in memory.
func open(ctx context.Context, c console, cfg app.Config) (*app.Partywall, error) {
	pw, err := app.New(ctx, cfg)
	if !errors.Is(err, app.ErrNoPostgres) || len(cfg.BuiltIn()) < 3 {
		return pw, err
	}
	fmt.Fprintf(c.err, "\n  !!  There is no PostgreSQL on this machine: everything is kept in memory, and is gone when the program ends.\n  !!  %v\n\n", err)
	cfg.Memory = true
	return app.New(ctx, cfg)
}

// refuseMistypes refuses what a mistyped variable would cause: a real part
// replaced by a built-in one, and a built-in part that others can reach.
func refuseMistypes(cfg app.Config, mixed, expose bool) error {
	builtIn := cfg.BuiltIn()
	if n := len(builtIn); n > 0 && n < 3 && !mixed {
		return fmt.Errorf("%s would be built in, next to real parts; configure %s (%s), or start with --mixed if that is meant",
			strings.Join(builtIn, " and "), pronoun(n), strings.Join(variablesOf(builtIn), ", "))
	}
	if host := cfg.ListenHost(); len(builtIn) > 0 && !expose && !isLoopback(host) {
		return fmt.Errorf("HOST=%s lets others reach the built-in %s; leave HOST unset, configure real parts, or start with --expose if that is meant",
			host, strings.Join(builtIn, " and "))
	}
	return nil
}

func pronoun(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func variablesOf(parts []string) []string {
	of := map[string]string{"database": "DB_HOST", "identities": "COGNITO_USER_POOL_ID", "files": "S3_BUCKET_NAME"}
	var variables []string
	for _, part := range parts {
		variables = append(variables, of[part])
	}
	return variables
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
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
		return nil, fmt.Errorf("HOST or PORT can't be listened on: %w", err)
	}
	return listener, nil
}

// banner says what runs where and, while that is for trying out, what to try.
func banner(c console, cfg app.Config, pw *app.Partywall, address net.Addr, took time.Duration) {
	c.printf("\nPartywall listens on http://%s (ready to answer after %.1f s)\n\n", address, took.Seconds())
	for _, part := range pw.Parts {
		c.printf("  %-11s %s\n", part.Name, part.Where)
	}
	if !slices.Contains(cfg.BuiltIn(), "identities") {
		c.printf("\n  health      curl %s/readyz\n\n", cfg.PublicURL)
		return
	}
	c.printf("\nTry it: paste this into another terminal.\n\n%s\n", story(cfg.PublicURL.String()))
}
