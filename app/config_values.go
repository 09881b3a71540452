package app

import (
	"crypto/x509"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

func (p *parser) integer(name, s string, least, most int64) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least || n > most {
		p.mistake(name, "is a whole number from %d to %d, not %q", least, most, s)
	}
	return n
}

// limit returns a limit of [Config], where a negative one is none.
func (p *parser) limit(name, s string) int {
	n := int(p.integer(name, s, 0, domain.MostOfLimit))
	if n == 0 {
		return -1
	}
	return n
}

func (p *parser) boolean(name, s string) bool {
	switch s {
	case "true":
		return true
	case "false":
	default:
		p.mistake(name, "is true or false, not %q", s)
	}
	return false
}

func (p *parser) duration(name, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Millisecond || d > 24*time.Hour {
		p.mistake(name, "is a duration from 1ms to 24h such as 30s, not %q", s)
	}
	return d
}

// retention reads how long something is kept.
func (p *parser) retention(name, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil || d < minEventRetention || d > maxEventRetention {
		p.mistake(name, "is a duration from 1h to 100000h such as 720h, which are 30 days, not %q", s)
	}
	return d
}

// grace reads a duration that may be zero, which [Config.TenantGrace] writes as a
// negative one.
func (p *parser) grace(name, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxTenantGrace {
		p.mistake(name, "is a duration from 0 to %s such as 720h, not %q", inHours(maxTenantGrace), s)
	}
	if d == 0 {
		return -1
	}
	return d
}

func (p *parser) oneOf(name, s string, choices ...string) string {
	if !slices.Contains(choices, s) {
		p.mistake(name, "is one of %s, not %q", strings.TrimSuffix(strings.Join(choices, ", "), ", "), s)
	}
	return s
}

func (p *parser) email(name, s string) domain.Email {
	if s == "" {
		return domain.Email{}
	}
	email, err := domain.ParseEmail(s)
	if err != nil {
		p.mistake(name, "is an e-mail address such as mail@example.com, not %q", s)
	}
	return email
}

func (p *parser) creationPolicy(name, s string) tenants.CreationPolicy {
	policy, err := tenants.ParseCreationPolicy(s)
	if err != nil {
		p.mistake(name, "is one of %s, %s, %s, not %q", tenants.Open, tenants.Authenticated, tenants.OperatorOnly, s)
	}
	return policy
}

// prefixes parses addresses and networks. The word "none" means that there are none:
// the list is empty, but not nil.
func (p *parser) prefixes(name, s string) []netip.Prefix {
	if s == "none" {
		return []netip.Prefix{}
	}
	var prefixes []netip.Prefix
	for _, part := range list(s) {
		prefix, err := netip.ParsePrefix(part)
		if address, notOne := netip.ParseAddr(part); notOne == nil && address.Zone() == "" {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		switch mapped := prefix.Addr().Is4In6(); {
		case err != nil:
			p.mistake(name, "lists addresses and networks such as 10.0.0.0/8, not %q", part)
		case mapped && prefix.Bits() < 96:
			p.mistake(name, "has %q, which is most of the Internet: list the addresses of the load balancer alone", part)
		case mapped: // a client that connects by IPv4 has an IPv4 address, however the socket shows it
			p.mistake(name, "has %q, an IPv4 network written as IPv6, which no address matches: write %s", part,
				netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96).Masked())
		default:
			prefixes = append(prefixes, prefix.Masked())
		}
	}
	return prefixes
}

func (p *parser) origins(name, s string) []string {
	origins := list(s)
	for _, origin := range origins {
		err := httpapi.CheckOrigin(origin)
		if e, ok := errors.AsType[*domain.Error](err); ok {
			p.mistake(name, "lists exact origins: %s, not %q", e.Message, withoutUser(origin))
		}
	}
	return origins
}

// host accepts an IP address or a valid host name.
func (p *parser) host(name, s string) string {
	if _, err := netip.ParseAddr(s); s == "" || err == nil || isHostname(s) {
		return s
	}
	p.mistake(name, "is an address or a name of this machine, such as 127.0.0.1, or 0.0.0.0 for all, not %q", s)
	return ""
}

// isHostname reports whether s has the form of a host name (RFC 1123 section 2.1).
// Underscores are allowed, because containers' names contain them.
func isHostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return strings.Trim(s, "0123456789.") != "" // 127.0.0 is a mistyped address
}

// minGateSecretLen is a length in bytes that cannot be guessed by trial.
const minGateSecretLen = 16

func (p *parser) gateSecret(s string) domain.Secret {
	if s != "" && len(s) < minGateSecretLen {
		p.mistake("DB_GATE_SECRET", "has at least %d bytes; make one with: openssl rand -hex 32", minGateSecretLen)
	}
	return domain.NewSecret(s)
}

// certificates returns the path of a file that contains certificates, or "".
func (p *parser) certificates(name, path string) string {
	if path == "" {
		return ""
	}
	file, err := os.ReadFile(path)
	switch {
	case err != nil:
		p.mistake(name, "cannot be read: %v", err)
	case !x509.NewCertPool().AppendCertsFromPEM(file):
		p.mistake(name, "is a file of certificates in PEM, and %s has none", path)
	}
	return path
}

// list splits s at commas, and drops empty elements.
func list(s string) []string {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
