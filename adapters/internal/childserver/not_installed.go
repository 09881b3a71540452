package childserver

// NotInstalled says that this machine lacks a server's programs, and how to
// install them.
type NotInstalled string

// Error returns the text.
func (e NotInstalled) Error() string { return string(e) }
