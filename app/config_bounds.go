package app

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// The bounds of [Config], in the environment and in Go.
const (
	maxPort            = 65535
	maxTenantsPerOwner = 1_000_000
	minEventRetention  = time.Hour
	maxEventRetention  = 100_000 * time.Hour
	maxTenantGrace     = 10 * 365 * 24 * time.Hour
)

// check refuses what no installation can have, of a Config that a product built. Without
// it, a negative EventRetention would remove all events. What is about the database is
// checked where it is opened.
func (c Config) check() error {
	return errors.Join(c.checkAllowedOrigins(), c.checkNumbers(), c.checkDurations(), c.checkTenantPolicy(), c.checkAddresses())
}

func (c Config) checkNumbers() error {
	var errs []error
	for _, n := range []struct {
		variable, field    string
		value, least, most int64
	}{
		{"PORT", "Port", int64(c.Port), 1, maxPort},
		{"TENANTS_PER_OWNER", "TenantsPerOwner", int64(c.TenantsPerOwner), 1, maxTenantsPerOwner},
		{"TENANT_MAX_REQUESTS", "TenantMaxRequests", int64(c.TenantMaxRequests), math.MinInt64, domain.MostOfLimit},
		{"TENANT_MAX_CONNECTIONS", "TenantMaxConnections", int64(c.TenantMaxConnections), math.MinInt64, domain.MostOfLimit},
		{"UPLOAD_MAX_SIZE", "UploadMaxSize", c.UploadMaxSize, 1, ports.MaxUploadSize},
	} {
		if n.value < n.least || n.value > n.most {
			errs = append(errs, fmt.Errorf("%s (Config.%s): is a whole number from %d to %d, not %d", n.variable, n.field, max(0, n.least), n.most, n.value))
		}
	}
	return errors.Join(errs...)
}

func (c Config) checkDurations() error {
	var errs []error
	if c.EventRetention < minEventRetention || c.EventRetention > maxEventRetention {
		errs = append(errs, fmt.Errorf("EVENT_RETENTION (Config.EventRetention): is a duration from %s to %s, not %s", inHours(minEventRetention), inHours(maxEventRetention), c.EventRetention))
	}
	if c.TenantGrace > maxTenantGrace {
		errs = append(errs, fmt.Errorf("TENANT_GRACE (Config.TenantGrace): is a duration of at most %s, not %s", inHours(maxTenantGrace), c.TenantGrace))
	}
	return errors.Join(errs...)
}

func (c Config) checkTenantPolicy() error {
	if _, err := tenants.ParseCreationPolicy(string(c.TenantCreation)); err != nil {
		return fmt.Errorf("TENANT_CREATION (Config.TenantCreation): is one of %s, %s, %s, not %q", tenants.Open, tenants.Authenticated, tenants.OperatorOnly, c.TenantCreation)
	}
	return nil
}

// checkAddresses also refuses a short GateSecret, from which passwords are derived.
func (c Config) checkAddresses() error {
	var errs []error
	if !isWebURL(c.PublicURL) {
		errs = append(errs, fmt.Errorf("PUBLIC_URL (Config.PublicURL): is a URL such as https://api.example.com, not %q", c.PublicURL.Redacted()))
	}
	for _, network := range c.TrustedProxies {
		if !network.IsValid() || network.Addr().Is4In6() {
			errs = append(errs, fmt.Errorf("TRUSTED_PROXIES (Config.TrustedProxies): has %s, which no address matches: write an IPv4 network as IPv4", network))
		}
	}
	if secret := c.Database.GateSecret; !secret.IsZero() && len(secret.Reveal()) < minGateSecretLen {
		errs = append(errs, fmt.Errorf("DB_GATE_SECRET (Config.Database.GateSecret): has at least %d bytes", minGateSecretLen))
	}
	return errors.Join(errs...)
}
