package embeddedpg_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

// childFolder names the folder on which the test binary, run as a child, starts a
// server. The child then waits to be killed.
const childFolder = "PRIVATE_TEST_CHILD_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		child(folder)
	}
	os.Exit(m.Run())
}

func child(folder string) {
	ctx := context.Background()
	if _, err := embeddedpg.Start(ctx, embeddedpg.Config{DataDir: folder}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	select {}
}

// spawn runs a child on folder.
func spawn(t *testing.T, folder string) (kill func(), ready func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	t.Cleanup(kill)
	return kill, func() {
		t.Helper()
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("the child printed %q: %v", line, err)
		}
	}
}

func TestKilledOwner(t *testing.T) {
	folder := dataDir(t)
	t.Run("a first start that is killed at any time leaves no partial cluster", func(t *testing.T) {
		for after := 50 * time.Millisecond; after < time.Second; after *= 2 {
			kill, _ := spawn(t, folder)
			time.Sleep(after)
			kill()
		}
		closeServer(t, start(t, folder))
		s := start(t, folder) // the second start must stop what still runs after the first
		if left, _ := filepath.Glob(s.Dir + ".new-*"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("no process outlives an owner that was killed with SIGKILL", func(t *testing.T) {
		kill, ready := spawn(t, folder)
		ready()
		if len(processesOn(t, folder)) < 3 {
			t.Fatal("the server's processes were not recognized")
		}
		kill()
		eventually(t, time.Minute, "all have ended", func() bool { return len(processesOn(t, folder)) == 0 })
	})
	t.Run("a start right after the kill finds the data", func(t *testing.T) {
		kill, ready := spawn(t, folder)
		ready()
		guest := start(t, folder)
		if _, err := login(t, guest).ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
			t.Fatal(err)
		}
		closeServer(t, guest)
		kill()
		if s := start(t, folder); s.Found || !has(t, s, "kept") {
			t.Errorf("found running: %v, or the database is lost", s.Found)
		}
	})
	t.Run("a process killed together with the postmaster leaves nothing either", func(t *testing.T) {
		kill, ready := spawn(t, folder)
		ready()
		head := postmaster(t, embeddedpg.DirOf(t, folder))
		if err := syscall.Kill(head, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		kill()
		if s := start(t, folder); !has(t, s, "kept") {
			t.Error("the database is lost")
		}
	})
}

func TestPasswordIsInNoProcessList(t *testing.T) {
	folder := dataDir(t)
	stop, seen := make(chan struct{}), make(chan string)
	go func() { // collects all command lines while a cluster is created and started
		var all strings.Builder
		for {
			select {
			case <-stop:
				seen <- all.String()
				return
			default:
			}
			paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range paths {
				line, _ := os.ReadFile(path)
				if environ, err := os.ReadFile(filepath.Dir(path) + "/environ"); err == nil && strings.Contains(string(line), "postgres") {
					line = append(line, environ...)
				}
				all.Write(line)
			}
		}
	}()
	s := start(t, folder)
	close(stop)
	lists := <-seen
	if !strings.Contains(lists, "initdb") || !strings.Contains(lists, "--single") {
		t.Error("the makers of the cluster were missed")
	}
	for _, password := range []string{s.Password.Reveal(), s.SuperuserPassword.Reveal()} {
		if strings.Contains(lists, password) {
			t.Error("a password was in the process list")
		}
	}
}

// processesOn returns the processes whose working directory is the data directory of folder.
func processesOn(t *testing.T, folder string) (pids []string) {
	t.Helper()
	dir := embeddedpg.DirOf(t, folder)
	places, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, place := range places {
		if target, err := os.Readlink(place); err == nil && target == dir {
			pids = append(pids, filepath.Base(filepath.Dir(place)))
		}
	}
	return pids
}
