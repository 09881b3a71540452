package domain

// The bounds of a password, by NIST SP 800-63B: length matters, composition does not.
const (
	MinPasswordLen = 8   // characters, of a new one
	MaxPasswordLen = 256 // bytes
)
