package s3

import "strings"

// encode writes a query of the parameters that have a value. Names need no escape.
func encode(query []param) string {
	var b strings.Builder
	b.Grow(512)
	for _, p := range query {
		if p.value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(escape(p.value, ""))
	}
	return b.String()
}

// escape is the URI encoding of Signature Version 4: all but RFC 3986's
// unreserved characters, and those in keep, byte by byte. A space is %20.
func escape(s, keep string) string {
	const digits = "0123456789ABCDEF"
	odd := 0
	for i := range len(s) {
		if !isPlain(s[i], keep) {
			odd++
		}
	}
	if odd == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*odd)
	for i := range len(s) {
		if c := s[i]; isPlain(c, keep) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&0xf])
		}
	}
	return string(b)
}

func isPlain(c byte, keep string) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(keep, c) >= 0
}
