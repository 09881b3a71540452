package httpapi

import (
	"net"
	"net/http"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// Subdomain returns a [Resolve] by which acme.shop.io names the tenant acme, if base
// is shop.io. The base itself, a reserved name below it such as www, and any other
// host name no tenant. A name below the base that cannot be a tenant's ID is a
// [domain.Invalid] error on field "Host".
//
// It panics if base is not a host name in lower case.
func Subdomain(base string) Resolve {
	if !isHostName(base) {
		panic("Subdomain(" + base + "): it takes a host name in lower case, such as shop.io")
	}
	return func(r *http.Request) (domain.TenantID, error) {
		name, below := strings.CutSuffix(hostOf(r), "."+base)
		if !below {
			return domain.TenantID{}, nil
		}
		id, err := domain.ParseTenantID(name)
		if err != nil {
			return domain.TenantID{}, domain.Invalidf("Host", "below %s stands a tenant's ID, as in acme.%[1]s", base)
		}
		if id.IsReserved() {
			return domain.TenantID{}, nil
		}
		return id, nil
	}
}

// hostOf returns the host that the request was sent to, in lower case, without
// the port and the dot that may end it.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
