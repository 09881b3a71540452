package web

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"github.com/partywall-go/partywall/domain"
)

// CheckOrigin returns nil if a browser, or an app's web view, sends origin in exactly
// this form (HTML standard, "serialization of an origin"). The error is
// [domain.Invalid] and names the form to write.
func CheckOrigin(origin string) error {
	scheme, rest, found := strings.Cut(origin, "://")
	lower := strings.ToLower(scheme)
	switch {
	case origin == "null":
		return refuseOrigin("every file and every sandboxed page sends null, so it cannot be allowed")
	case strings.Contains(origin, "*"):
		return refuseOrigin("an origin has no *: list each")
	case !found || !isScheme(lower):
		return refuseOrigin("an origin is a scheme and a host, such as https://app.example.com")
	case slices.Contains([]string{"file", "data", "blob", "about", "javascript", "filesystem"}, lower):
		return refuseOrigin("pages of " + lower + ": have the origin null, which cannot be allowed; serve them by https")
	}
	if page, isSocket := map[string]string{"ws": "http", "wss": "https"}[lower]; isSocket {
		lower = page // a socket is opened by a page
	}
	form, err := originForm(lower, rest)
	if err != nil {
		return err
	}
	if form != origin {
		return refuseOrigin("browsers send it as " + form)
	}
	return nil
}

func refuseOrigin(why string) error { return domain.Invalidf("origin", "%s", why) }

func isScheme(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// originForm returns the form in which the origin of scheme://rest is sent.
func originForm(scheme, rest string) (string, error) {
	authority, _, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(rest, "?", "/"), "#", "/"), "/")
	authority = authority[strings.LastIndex(authority, "@")+1:]
	host, port := splitPort(authority)
	isWeb := scheme == "http" || scheme == "https"
	if isWeb {
		var err error
		if host, err = webHost(host); err != nil {
			return "", err
		}
	} else {
		host = strings.ToLower(host)
	}
	if host == "" || !isWeb && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return "", refuseOrigin("an origin names a host, such as https://app.example.com or capacitor://localhost")
	}
	if port == "" {
		return scheme + "://" + host, nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", refuseOrigin("a port is a number up to 65535")
	}
	if scheme == "http" && number == 80 || scheme == "https" && number == 443 {
		return scheme + "://" + host, nil
	}
	return scheme + "://" + host + ":" + strconv.FormatUint(number, 10), nil
}

// splitPort splits host:port, in which an IPv6 address stands in brackets.
func splitPort(authority string) (host, port string) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || colon < strings.LastIndexByte(authority, ']') {
		return authority, ""
	}
	return authority[:colon], authority[colon+1:]
}

// mapped does what the URL standard does to a domain: lower case, NFC, punycode.
var mapped = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// webHost returns the form in which browsers write the host of a web page.
func webHost(host string) (string, error) {
	if bracketed, found := strings.CutPrefix(host, "["); found {
		address, err := netip.ParseAddr(strings.TrimSuffix(bracketed, "]"))
		if err != nil || !address.Is6() || address.Zone() != "" || !strings.HasSuffix(bracketed, "]") {
			return "", refuseOrigin("an IPv6 address stands in brackets, without a zone, such as http://[::1]:3000")
		}
		return "[" + hexAddress(address) + "]", nil
	}
	if unescaped, err := url.PathUnescape(host); err == nil {
		host = unescaped
	}
	ascii, err := mapped.ToASCII(host)
	if err != nil || strings.ContainsFunc(ascii, isForbidden) || strings.Contains(strings.TrimSuffix(ascii, "."), "..") || strings.HasPrefix(ascii, ".") {
		return "", refuseOrigin("this is not a possible host")
	}
	labels := strings.Split(strings.TrimSuffix(ascii, "."), ".")
	if isNumber(labels[len(labels)-1]) {
		address, err := netip.ParseAddr(strings.TrimSuffix(ascii, "."))
		if err != nil {
			return "", refuseOrigin("an IPv4 address has four numbers, such as http://127.0.0.1:3000")
		}
		return address.String(), nil
	}
	return ascii, nil
}

// isNumber reports whether a host that ends in the label is an IPv4 address (URL
// standard, "ends in a number checker").
func isNumber(label string) bool {
	if hex, found := strings.CutPrefix(label, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// isForbidden reports whether no host contains r (URL standard, "forbidden domain
// code point").
func isForbidden(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("#%/:<>?@[\\]^|", r)
}

// hexAddress writes an IPv6 address as the URL standard does, which has no dots
// at the end of one that stands for an IPv4 address.
func hexAddress(a netip.Addr) string {
	if !a.Is4In6() {
		return a.String()
	}
	b := a.As16()
	return "::ffff:" + strconv.FormatUint(uint64(b[12])<<8|uint64(b[13]), 16) + ":" + strconv.FormatUint(uint64(b[14])<<8|uint64(b[15]), 16)
}
