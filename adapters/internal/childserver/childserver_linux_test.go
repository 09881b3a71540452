package childserver_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// parentOf makes the test binary a program that launches a child and waits to be
// killed.
const parentOf = "CHILDSERVER_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentOf) != "" {
		p, err := childserver.Launch(exec.Command("sleep", "60"), syscall.SIGKILL)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(p.Pid)
		select {}
	}
	os.Exit(m.Run())
}

func TestProcess(t *testing.T) {
	sleep := func(t *testing.T) *childserver.Process {
		t.Helper()
		p, err := childserver.Launch(exec.Command("sleep", "60"), syscall.SIGKILL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.End)
		return p
	}
	t.Run("a program that does not exist is not launched", func(t *testing.T) {
		if _, err := childserver.Launch(exec.Command("/nowhere/sleep"), syscall.SIGKILL); err == nil {
			t.Error("it was")
		}
	})
	t.Run("End ends it, also while it is stopped", func(t *testing.T) {
		p := sleep(t)
		if err := p.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if p.EndsWithin(20 * time.Millisecond) {
			t.Fatal("it ended by itself")
		}
		p.End()
		if !p.EndsWithin(0) || p.Err() == nil {
			t.Errorf("after the kill: %v", p.Err())
		}
	})
	t.Run("a nil Process never ends", func(t *testing.T) {
		var none *childserver.Process
		if none.Exited() != nil {
			t.Error("it may")
		}
	})
	t.Run("it does not outlive the program that launched it", func(t *testing.T) {
		parent := exec.Command(os.Args[0])
		parent.Env = append(os.Environ(), parentOf+"=1")
		out, err := parent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Fscan(bufio.NewReader(out), &pid); err != nil {
			t.Fatal(err)
		}
		_ = parent.Process.Kill()
		_ = parent.Wait()
		for began := time.Now(); running(pid); time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > time.Minute {
				t.Fatal("it still runs")
			}
		}
	})
}

// running reports whether the process lives, and is not a zombie.
func running(pid int) bool {
	state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	var name string
	var what byte
	_, _ = fmt.Sscanf(string(state), "%d %s %c", new(int), &name, &what)
	return err == nil && what != 'Z'
}

func TestFreePort(t *testing.T) {
	port, err := childserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", childserver.Address(port))
	if err != nil {
		t.Fatalf("cannot listen on a free port: %v", err)
	}
	defer listener.Close()
	if childserver.Free(port) {
		t.Error("a taken port is free")
	}
}

func TestAccount(t *testing.T) {
	as, err := childserver.Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("id", "-u")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: as.Credential()}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	uid, name := as.Owner()
	if string(out) != fmt.Sprintln(uid) || uid == 0 {
		t.Errorf("servers run as user %s, not as %s (%d)", out, name, uid)
	}
	if as != nil {
		if found, err := user.Lookup(as.Name); err != nil || found.Uid != fmt.Sprint(as.UID) {
			t.Errorf("there is no such user: %+v", as)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := as.Give(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Sys().(*syscall.Stat_t).Uid != uid {
		t.Errorf("the file has another owner: %v", err)
	}
}
