package s3

// appendQuery appends the parameters that have a value. It does not escape names.
func appendQuery(b []byte, query []param) []byte {
	separator := ""
	for _, p := range query {
		if p.value == "" {
			continue
		}
		b = append(append(b, separator...), p.name...)
		b = appendEscaped(append(b, '='), p.value, false)
		separator = "&"
	}
	return b
}

// appendEscaped appends the URI encoding of Signature Version 4, which escapes all bytes
// but RFC 3986's unreserved characters and, in a path, the slash. A space becomes %20.
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
