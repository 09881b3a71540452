package cli

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAStopAtTheWorstMoment stops the program while a hundred requests hang,
// half of them in a database that does not answer.
func TestAStopAtTheWorstMoment(t *testing.T) {
	needPostgres(t)
	s := serveProgram(t, map[string]string{"DATA_DIR": filepath.Join(t.TempDir(), "data")})
	cluster := clusterOf(t, s)
	walkStory(t, s)
	processes := processesOf(t, cluster)
	for _, pid := range processes {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { killAll(processes) })
	const half = "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
	const stuck = "GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\r\n\r\n"
	for i := range 100 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, []string{half, stuck}[i%2])
	}
	time.Sleep(200 * time.Millisecond) // until they have arrived
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, pid := range processes { // the system removes them with some delay
		for deadline := time.Now().Add(time.Minute); running(pid); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d of PostgreSQL lives on", pid)
			}
		}
	}
}

// TestAHangUpStopsTheProgramOrderly sends SIGHUP, as a terminal that is closed does.
func TestAHangUpStopsTheProgramOrderly(t *testing.T) {
	s := serveProgram(t, nil, "--memory")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit %d: %v", code, s.cmd.ProcessState)
	}
}

// TestTheProgramOutlivesTheReaderOfItsLog closes the pipe that the log goes to.
func TestTheProgramOutlivesTheReaderOfItsLog(t *testing.T) {
	port := strconv.Itoa(freePort(t))
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "serve", "--memory")
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environ(map[string]string{"PORT": port}), t.TempDir(), writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://127.0.0.1:" + port, cmd: cmd, ended: make(chan struct{})}
	s.api = s.url
	go func() { _ = cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-s.ended })
	_ = writer.Close()
	if _, err := reader.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	s.awaitReady(t, time.Minute)
	for range 3 { // each request is a line
		if code := status(t.Context(), s.url+"/readyz"); code != 200 {
			t.Errorf("got %d", code)
		}
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// processesOf returns the postmaster of a data folder and its children.
func processesOf(t *testing.T, data string) (pids []int) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	postmaster, _, _ := strings.Cut(string(file), "\n")
	out, err := exec.CommandContext(t.Context(), "ps", "ax", "-o", "pid=,ppid=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		var pid, parent int
		if _, err := fmt.Sscan(line, &pid, &parent); err != nil {
			t.Fatal(err)
		}
		if strconv.Itoa(pid) == postmaster || strconv.Itoa(parent) == postmaster {
			pids = append(pids, pid)
		}
	}
	if len(pids) < 2 {
		t.Fatalf("the postmaster %s has no children", postmaster)
	}
	return pids
}

// running reports whether there is such a process that has not ended. A zombie
// has ended.
func running(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

func killAll(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
