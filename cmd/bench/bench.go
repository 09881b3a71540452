package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
)

// bench is a database, the program on it, and the reference program beside it.
type bench struct {
	dir     string
	db      *embeddedpg.Server
	config  postgres.Config
	bucket  *http.Server
	program *process
	bare    *process
	token   string
}

// process is a serving program.
type process struct {
	addr string
	cmd  *exec.Cmd
}

const tenant = "bench"

var errStatus = errors.New("the answer is not a success")

func openBench(ctx context.Context, dir, program string) (_ *bench, err error) {
	b := &bench{dir: dir}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.db, err = embeddedpg.StartTemporary(ctx, embeddedpg.Temporary{}); err != nil {
		return nil, err
	}
	b.config = postgres.Config{Host: b.db.Host, Port: b.db.Port, User: b.db.User, Password: b.db.Password, Database: b.db.Database, SSLMode: "disable"}
	if err := postgres.Setup(ctx, b.config, func(string) {}); err != nil {
		return nil, err
	}
	server, bucket, err := emptyBucket()
	if err != nil {
		return nil, err
	}
	b.bucket = server
	if b.program, err = b.start(program, []string{"serve", "--mixed", "--without-file-isolation"}, []string{
		"DB_HOST=" + b.db.Host, fmt.Sprintf("DB_PORT=%d", b.db.Port), "DB_USER=" + b.db.User, "DB_PASSWORD=" + b.db.Password.Reveal(), "DB_NAME=" + b.db.Database, "DB_SSLMODE=disable",
		"S3_BUCKET_NAME=bench", "S3_FORCE_PATH_STYLE=true", "AWS_ENDPOINT_URL_S3=" + bucket, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"DATA_DIR=" + filepath.Join(dir, "data"), "LOG_FORMAT=json",
	}); err != nil {
		return nil, err
	}
	if err := b.signIn(ctx); err != nil {
		return nil, err
	}
	settings, err := b.bareSettings(ctx)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b.bare, err = b.start(self, []string{"reference", settings}, nil)
	return b, err
}

// start starts a program on a free port and waits until it listens.
func (b *bench) start(program string, args, env []string) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{addr: listener.Addr().String()}
	listener.Close()
	_, port, _ := net.SplitHostPort(p.addr)
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PORT=" + port}, env...)
	p.cmd.Dir = b.dir // its output goes to the null device, so the log is written but not read
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for range 400 {
		if conn, err := net.Dial("tcp", p.addr); err == nil {
			conn.Close()
			return p, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("%s does not listen: run it by hand to find out why", filepath.Base(program))
}

func (p *process) stop() {
	if p != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

func (b *bench) close() {
	b.program.stop()
	b.bare.stop()
	if b.bucket != nil {
		_ = b.bucket.Close()
	}
	if b.db != nil {
		_ = b.db.Close()
	}
}

// signIn creates the tenant, and gets its owner's token.
func (b *bench) signIn(ctx context.Context) error {
	var made, signedIn map[string]any
	const account = `{"email": "ada@bench.example", "password": "correct horse battery"`
	for _, step := range []struct {
		path string
		body func() string
		into *map[string]any
	}{
		{"/auth/tenants", func() string { return `{"tenantId": "` + tenant + `"}` }, &made},
		{"/auth/signup", func() string { return fmt.Sprintf(`%s, "claimToken": "%v"}`, account, made["claimToken"]) }, new(map[string]any)},
		{"/auth/signin", func() string { return account + "}" }, &signedIn},
	} {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.program.addr+step.path, strings.NewReader(step.body()))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		err = json.NewDecoder(res.Body).Decode(step.into)
		res.Body.Close()
		if err != nil || res.StatusCode > 299 {
			return fmt.Errorf("%s returns %s: %w", step.path, res.Status, errors.Join(err, errStatus))
		}
	}
	b.token, _ = signedIn["AccessToken"].(string)
	return nil
}

// memory returns a process's resident memory in MiB, now and at its maximum.
func (p *process) memory() (now, most int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(status)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			now = kib / 1024
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			most = kib / 1024
		}
	}
	return now, most
}
