package s3

// appendParam appends a further parameter of a query, if it has a value. It does not
// escape the name.
func appendParam(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendEscaped(append(append(append(b, '&'), name...), '='), value, false)
}

// appendEscaped appends the URI encoding of Signature Version 4, which escapes all bytes
// but RFC 3986's unreserved characters and, in a path, the slash. A space becomes %20.
func appendEscaped[T string | []byte](b []byte, s T, keepSlash bool) []byte {
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
