package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestABarOnATerminal migrates while the tenants' tables are in use, which is when the bar
// is drawn again and again.
func TestABarOnATerminal(t *testing.T) {
	env := onServer(t, product(map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client"}))
	do := succeeding(t, env)
	do("setup", "--workers", "2")
	for _, id := range []string{"acme", "bolt"} {
		do("tenants", "create", id, "--owner", "ada")
	}
	withoutDearInvoices(t, env, "acme", "bolt")
	env[releaseTwo] = "yes"
	for _, c := range []struct{ line, bar string }{
		{"migrate up --canary 50%", "[............] 0 of 2 tenants, 1 busy"},
		{"setup --workers 8", "[............] 0 of 1 tenant, 1 busy"},
	} {
		use, err := databaseOf(t, env).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := use.ExecContext(t.Context(), `LOCK TABLE tenant_acme.invoices, tenant_bolt.invoices`); err != nil {
			t.Fatal(err)
		}
		screen, printed := newTerminal(t)
		cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(c.line)...)
		cmd.Env, cmd.Dir, cmd.Stdout = append(environ(env), "TERM=xterm"), t.TempDir(), screen
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		printed.await(t, "\r\x1b[K"+c.bar)
		if err := use.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", c.line, err)
		}
		printed.await(t, "\r\x1b[Kbrought 1 of 2 tenants to the newest version")
	}
}

// terminal collects what is printed on a pseudo-terminal.
type terminal struct {
	mu   sync.Mutex
	more *sync.Cond
	text bytes.Buffer
	done bool
}

// newTerminal returns the end of a pseudo-terminal that a program prints to, and what
// arrives at the other end.
func newTerminal(t *testing.T) (program *os.File, printed *terminal) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	printed = &terminal{}
	printed.more = sync.NewCond(&printed.mu)
	t.Cleanup(func() { program.Close(); user.Close() })
	go printed.read(user)
	return program, printed
}

func (p *terminal) read(user *os.File) {
	buffer := make([]byte, 4096)
	for {
		n, err := user.Read(buffer)
		p.mu.Lock()
		p.text.Write(buffer[:n])
		p.done = err != nil
		p.mu.Unlock()
		p.more.Broadcast()
		if err != nil {
			return
		}
	}
}

// await waits until the text was printed.
func (p *terminal) await(t *testing.T, text string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.text.String(), text) {
		if p.done {
			t.Fatalf("%q is missing in %q", text, p.text.String())
		}
		p.more.Wait()
	}
}
