package domain

// TenantLimits bound what a tenant takes of each process. A field that is 0 stands for
// the default of the installation.
type TenantLimits struct {
	MaxRequests    int `json:"maxRequests,omitempty"`    // that are in flight
	MaxConnections int `json:"maxConnections,omitempty"` // to the database
}

// Validate returns an [Invalid] error on field "maxRequests" or "maxConnections" for a
// number that is no limit.
func (l TenantLimits) Validate() error {
	return TenantLimitsEdit{&l.MaxRequests, &l.MaxConnections}.Validate()
}

// MostOfLimit is the largest limit, in requests or connections.
const MostOfLimit = 1_000_000

// TenantLimitsEdit replaces limits of a tenant. A nil field stays as it is, and 0 returns
// to the default.
type TenantLimitsEdit struct{ MaxRequests, MaxConnections *int }

// Validate returns an [Invalid] error on field "maxRequests" or "maxConnections" for a
// number that is no limit.
func (e TenantLimitsEdit) Validate() error {
	if err := validateLimit("maxRequests", e.MaxRequests); err != nil {
		return err
	}
	return validateLimit("maxConnections", e.MaxConnections)
}

func validateLimit(field string, n *int) error {
	if n != nil && (*n < 0 || *n > MostOfLimit) {
		return Invalidf(field, "a limit is a number from 1 to %d, or the default", MostOfLimit)
	}
	return nil
}

func (e TenantLimitsEdit) apply(l *TenantLimits) {
	if e.MaxRequests != nil {
		l.MaxRequests = *e.MaxRequests
	}
	if e.MaxConnections != nil {
		l.MaxConnections = *e.MaxConnections
	}
}
