package domain_test

import (
	"errors"
	"fmt"

	"github.com/partywall-go/partywall/domain"
)

// Input is parsed; the error names the field that is wrong, and the reason.
func ExampleParseTenantID() {
	_, err := domain.ParseTenantID("Acme")
	fmt.Println(err)
	fmt.Println(errors.Is(err, domain.Invalid))
	// Output:
	// invalid (tenantId): a tenant ID has 2 to 48 characters of a-z, 0-9 and '-', starts with a letter and does not end with '-'
	// true
}

// A test is certain that its own constants are valid.
func ExampleMust() {
	acme := domain.Must(domain.ParseTenantID("acme"))
	key := domain.Must(domain.NewObjectKey(acme, "reports/2026.pdf"))
	fmt.Println(key)
	// Output: acme/reports/2026.pdf
}

// An error matches its code, and its kind, which is less specific.
func ExampleError() {
	var err error = &domain.Error{Kind: domain.Conflict, Code: domain.CodeUserExists, Field: "email", Message: "there is an account with this address"}
	err = fmt.Errorf("sign up: %w", err)
	fmt.Println(errors.Is(err, domain.CodeUserExists), errors.Is(err, domain.Conflict))
	// Output: true true
}

// A secret does not print its text.
func ExampleSecret() {
	password := domain.NewSecret("hunter2")
	fmt.Printf("%v %q %d\n", password, password, password)
	// Output: [secret] [secret] [secret]
}
