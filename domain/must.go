package domain

// Must returns value, and panics if err is not nil. It is for values that are certain
// to be valid, such as a constant in a test:
//
//	acme := domain.Must(domain.ParseTenantID("acme"))
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
