package childserver

// NotInstalled is the error of a machine that lacks a server's programs. Its text has
// the line that installs them.
type NotInstalled string

// Error returns the text.
func (e NotInstalled) Error() string { return string(e) }
