package pg

import (
	"time"

	"github.com/lib/pq/pqerror"
)

// A session outlives the DROP ROLE of its login, and may do nothing from then on, also
// once a setup has made the login anew. Only a new session helps.

// renewEvery bounds how often the connections of a login are given up. A tenant whose
// role the login may no longer become is answered alike, and all tenants of its gate pay
// for the new ones.
const renewEvery = time.Minute

// giveUpIfDropped reports whether err, of a statement of ours, is what the server answers
// to a session whose login was dropped. The older connections of the login are given up
// with this one.
func (c *Conn) giveUpIfDropped(err error) bool {
	if SQLState(err) != pqerror.InsufficientPrivilege || c.OwnOnly || !c.connector.renew(c.made) {
		return false
	}
	c.bad = true
	return true
}

// renew reports whether a connection that was made then is older than the last renewal
// of the login's connections. It begins a renewal unless the last one was a moment ago.
func (c *Connector) renew(made time.Time) bool {
	now := time.Now()
	last := c.renewed.Load()
	if now.Sub(time.Unix(0, last)) >= renewEvery && c.renewed.CompareAndSwap(last, now.UnixNano()) {
		return true
	}
	return c.outdated(made)
}

// outdated reports whether a connection that was made then is to be given up.
func (c *Connector) outdated(made time.Time) bool { return made.UnixNano() < c.renewed.Load() }
