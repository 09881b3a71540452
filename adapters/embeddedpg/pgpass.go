package embeddedpg

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

const (
	superuser = "postgres"  // creates the cluster, and is not used afterwards
	login     = "partywall" // DB_USER: may create roles and databases, but is not a superuser
)

// access contains what a client needs to connect. It is stored beside the data in the
// format of PGPASSFILE, so that psql can use it too.
// See https://www.postgresql.org/docs/current/libpq-pgpass.html.
type access struct {
	host                             string // the folder of a socket, or a loopback address; empty: none was chosen yet
	port                             int    // 0: none was chosen yet
	loginPassword, superuserPassword string
}

// where describes the address of the server to a person.
func (a access) where() string {
	if overSocket(a.host) {
		return "the socket in " + a.host
	}
	return "port " + strconv.Itoa(a.port)
}

// newAccess generates random passwords, of characters that need no quoting in the file or in SQL.
func newAccess() access {
	return access{loginPassword: rand.Text(), superuserPassword: rand.Text()}
}

// readAccess reads the file at path. If there is none, the error is [os.ErrNotExist].
func readAccess(path string) (access, error) {
	file, err := ownfile.Open(path, os.O_RDONLY)
	if err != nil {
		return access{}, err
	}
	defer file.Close()
	var a access
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := splitFields(lines.Text()) // host:port:database:user:password
		if len(fields) != 5 {
			continue
		}
		a.host = fields[0]
		a.port, _ = strconv.Atoi(fields[1])
		switch fields[3] {
		case login:
			a.loginPassword = fields[4]
		case superuser:
			a.superuserPassword = fields[4]
		}
	}
	if err := lines.Err(); err != nil {
		return access{}, err
	}
	if a.loginPassword == "" || a.superuserPassword == "" {
		return access{}, fmt.Errorf("%s lacks the password of %s or %s: remove the file, and the next start creates new passwords", path, login, superuser)
	}
	return a, nil
}

// splitFields splits a line at its colons. A backslash escapes a colon in a field, and
// a backslash.
func splitFields(line string) []string {
	fields := []string{""}
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == ':':
			fields = append(fields, "")
			continue
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		fields[len(fields)-1] += line[i : i+1]
	}
	return fields
}

func escapeField(field string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(field)
}

// write replaces the file at path in one step.
func (a access) write(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // no effect once it is renamed
	for _, who := range [][2]string{{login, a.loginPassword}, {superuser, a.superuserPassword}} {
		fmt.Fprintf(file, "%s:%d:*:%s:%s\n", escapeField(a.host), a.port, who[0], who[1])
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
