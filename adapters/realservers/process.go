package realservers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// process is a running server.
type process struct {
	*childserver.Process
	output output
}

// launch starts cmd and returns once ready gives no error. Where the kernel
// can, it kills the server when we die.
func launch(ctx context.Context, cmd *exec.Cmd, ready func(context.Context) error) (*process, error) {
	p := &process{}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	child, err := childserver.Launch(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	p.Process = child
	if err := p.await(ctx, ready); err != nil {
		p.End()
		return nil, fmt.Errorf("%s is not ready: %w\n%s", cmd.Path, err, p.output.String())
	}
	return p, nil
}

// await polls ready for half a minute.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.Exited():
			return errEnded
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var errEnded = errors.New("it ended")

// output keeps what a server prints; it may be read while the server runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// answers returns a check that fails while no server accepts connections on port.
func answers(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", childserver.Address(port))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
