package tenants

// Advice spells what an operator of the program runs, such as "run `partywall tenants free
// acme --objects`". The use cases advise it in messages and faults. Nil functions name no
// command.
type Advice struct {
	RemoveFiles func(tenant string) string // frees the ID, with the files under it
	MakeOwner   func(tenant string) string // makes a user an owner
}

func (a Advice) removeFiles(tenant string) string {
	if a.RemoveFiles == nil {
		return "free the ID with its files"
	}
	return a.RemoveFiles(tenant)
}

func (a Advice) makeOwner(tenant string) string {
	if a.MakeOwner == nil {
		return "make a user an owner"
	}
	return a.MakeOwner(tenant)
}
