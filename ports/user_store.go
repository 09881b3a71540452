package ports

// UserStore keeps the users of the built-in identity provider: their password hashes,
// and the hashes of their codes and refresh tokens. The provider chooses what it
// hashes, and how. The three are one store, because a change of an account also ends
// its codes and its sessions, in one step.
type UserStore interface {
	AccountStore
	CodeStore
	SessionStore
}
