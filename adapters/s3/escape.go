package s3

// encode formats a query from the parameters that have a value. It does not escape names.
func encode(query []param) string {
	b := make([]byte, 0, 768)
	for _, p := range query {
		if p.value == "" {
			continue
		}
		if len(b) > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = appendEscaped(b, p.value, false)
	}
	return string(b)
}

// escapePath returns the URI encoding of a path. Slashes remain.
func escapePath(s string) string { return string(appendEscaped(make([]byte, 0, len(s)+32), s, true)) }

// appendEscaped appends the URI encoding of Signature Version 4, which escapes all bytes
// but RFC 3986's unreserved characters. A space becomes %20.
func appendEscaped(b []byte, s string, keepSlash bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; unreserved[c] || keepSlash && c == '/' {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&0xf])
		}
	}
	return b
}

var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		table[c] = true
	}
	return table
}()
