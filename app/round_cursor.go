package app

import (
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// RoundCursor is how far a round of EachTenant has come. In each tenant up to After, in
// the order of their IDs, the work is done or the tenant was skipped, except for the
// Failed ones. In some tenants beyond After it may be done, too: those that ended before
// another one that was started earlier. The zero RoundCursor is the beginning.
type RoundCursor struct {
	After  domain.TenantID
	Failed []domain.TenantID
}

// IsZero reports whether c is the beginning.
func (c RoundCursor) IsZero() bool { return c.After.IsZero() && len(c.Failed) == 0 }

// String returns c as text, which [ParseRoundCursor] reads.
func (c RoundCursor) String() string {
	if c.IsZero() {
		return ""
	}
	ids := []string{c.After.String()}
	for _, id := range c.Failed {
		ids = append(ids, id.String())
	}
	return strings.Join(ids, ",")
}

// MarshalText returns [RoundCursor.String].
func (c RoundCursor) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is [ParseRoundCursor].
func (c *RoundCursor) UnmarshalText(text []byte) (err error) {
	*c, err = ParseRoundCursor(string(text))
	return err
}

// ParseRoundCursor reads what [RoundCursor.String] returned. Any other text is a
// [domain.Invalid] error on field "cursor".
func ParseRoundCursor(s string) (c RoundCursor, err error) {
	if s == "" {
		return c, nil
	}
	for i, text := range strings.Split(s, ",") {
		id, err := domain.ParseTenantID(text)
		switch {
		case err != nil:
			return RoundCursor{}, domain.Invalidf("cursor", "%.60q is no cursor of a round", s).WithCause(err)
		case i == 0:
			c.After = id
		default:
			c.Failed = append(c.Failed, id)
		}
	}
	return c, nil
}

// visit is the work in one tenant.
type visit struct {
	tenant  domain.Tenant
	again   bool // it failed in the round that is resumed
	outcome outcome

	// Only the goroutine of the visit sets these, before it ends.
	inactive bool // the tenant is no longer active
	err      error
}

// outcome is how a visit ended.
type outcome int

const (
	running outcome = iota
	done
	skipped
	failed
	interrupted // because the context is done
)

// roundOrder moves the cursor while visits end in another order than they began in.
type roundOrder struct {
	cursor RoundCursor
	begun  []*visit // those beyond the cursor, in the order of their IDs
}

// begin adds a visit that follows all that began before.
func (o *roundOrder) begin(v *visit) {
	if !v.again {
		o.begun = append(o.begun, v)
	}
}

// end moves the cursor after a visit has ended.
func (o *roundOrder) end(v *visit) {
	if v.again {
		if v.outcome == done || v.outcome == skipped {
			o.cursor.Failed = slices.DeleteFunc(slices.Clone(o.cursor.Failed), func(id domain.TenantID) bool { return id == v.tenant.ID })
		}
		return
	}
	for len(o.begun) > 0 && o.begun[0].outcome != running && o.begun[0].outcome != interrupted {
		first := o.begun[0]
		o.cursor.After, o.begun = first.tenant.ID, o.begun[1:]
		if first.outcome == failed {
			o.cursor.Failed = append(slices.Clip(o.cursor.Failed), first.tenant.ID) // earlier cursors keep their own
		}
	}
}
