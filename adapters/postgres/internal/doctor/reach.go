package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

// reach logs in.
func (c *checker) reach(ctx context.Context) (doctor.Finding, error) {
	where := c.cfg.Address()
	err := c.db.PingContext(ctx)
	if err == nil {
		return doctor.Pass(fmt.Sprintf("%s lets %s into %s", where, c.cfg.User, c.cfg.Database)), nil
	}
	why := pg.LoginError(context.Background(), c.cfg, c.cfg.User, err)
	what := pg.Describe(why)
	switch {
	case errors.Is(why, pg.CodeNotSetUp):
		return doctor.Fail(what, c.setItUp()), nil
	case isTLS(err):
		return doctor.Fail(what, cmp.Or(pg.TLSAdvice(err), "fix what is named of TLS")), nil
	case pg.LoginRefused(err):
		return doctor.Fail(what, "check DB_HOST, DB_USER and DB_PASSWORD, and what the server is said to ask for"), nil
	case pg.SQLState(err) != "":
		return doctor.Fail(what, "do what the server's words ask for"), nil
	case pg.OnSocket(c.cfg.Host):
		return doctor.Fail(fmt.Sprintf("%s can't be reached: %s", where, pg.Complaint(err)),
			"check that the server runs, that DB_HOST is its unix_socket_directories and DB_PORT its port, and that this user may enter the folder"), nil
	}
	return doctor.Fail(fmt.Sprintf("%s can't be reached: %s", where, pg.Complaint(err)),
		"check DB_HOST and DB_PORT, and that the server's security group lets this machine in: nc -vz "+c.cfg.Host+" "+strconv.Itoa(c.cfg.Port)), nil
}
