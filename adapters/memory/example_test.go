package memory_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// A product's test makes a tenant with an owner and a viewer, and tries what each may do.
func Example() {
	ctx := context.Background()
	registry, identities := &memory.Registry{}, &memory.Identities{}
	service := &tenants.Service{Tenants: registry, Members: registry, Invitations: registry, Identities: identities, Mail: &memory.Mailbox{}}

	ada, bob := caller(identities, "ada@example.com"), caller(identities, "bob@example.com")
	acme, err := domain.ParseTenantID("acme")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := registry.Create(ctx, ports.NewTenant{ID: acme, Name: "Acme Ltd.", Owner: ada.Identity}); err != nil {
		log.Fatal(err)
	}
	if err := registry.SetRole(acme, bob.Identity, domain.RoleViewer); err != nil {
		log.Fatal(err)
	}

	for _, who := range []ports.Caller{ada, bob} {
		member, err := service.Admit(ctx, who.Identity, acme)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(member.Role(), member.Require(domain.WriteFiles))
	}
	// Output:
	// owner <nil>
	// viewer forbidden: the role viewer may not write files
}

func caller(identities *memory.Identities, address string) ports.Caller {
	email, err := domain.ParseEmail(address)
	if err != nil {
		log.Fatal(err)
	}
	caller, err := identities.Caller(email)
	if err != nil {
		log.Fatal(err)
	}
	return caller
}

// A request in a test carries a token that was never signed in for.
func ExampleIdentities_Caller() {
	identities := &memory.Identities{}
	ada := caller(identities, "ada@example.com")

	request := httptest.NewRequest(http.MethodGet, "/auth/me", nil)
	request.Header.Set("Authorization", "Bearer "+ada.Token.Reveal())

	verified, err := identities.Verify(request.Context(), ada.Token)
	fmt.Println(verified.Identity == ada.Identity, err)
	// Output: true <nil>
}

// Somebody signs up, and confirms with the code that they were mailed.
func ExampleIdentities_Code() {
	ctx := context.Background()
	identities := &memory.Identities{RequireConfirmation: true}
	ada, err := domain.ParseEmail("ada@example.com")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := identities.SignUp(ctx, ada, domain.NewSecret("correct horse")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(identities.ConfirmSignUp(ctx, ada, identities.Code(ada)))
	// Output: <nil>
}

// A clock of the test's own makes a claim expire, and its tenant with it.
func ExampleRegistry() {
	ctx := context.Background()
	now := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	registry := &memory.Registry{Now: func() time.Time { return now }}
	acme, err := domain.ParseTenantID("acme")
	if err != nil {
		log.Fatal(err)
	}
	claim := domain.NewSecret("a claim token")
	if _, err := registry.Create(ctx, ports.NewTenant{ID: acme, Claim: &ports.NewClaim{Hash: claim.Hash(), TTL: 24 * time.Hour}}); err != nil {
		log.Fatal(err)
	}

	now = now.Add(24 * time.Hour)
	_, err = registry.Clock(ctx, acme)
	fmt.Println(domain.CodeOf(err))
	// Output: tenant_not_found
}

// Signed URLs work over HTTP, as they do with any other store.
func ExampleObjects() {
	ctx := context.Background()
	objects := &memory.Objects{}
	server := httptest.NewServer(objects)
	base, err := url.Parse(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	objects.Base = base

	key, err := domain.ParseObjectKey("acme/reports/2026.txt")
	if err != nil {
		log.Fatal(err)
	}
	signed, err := objects.SignUpload(ctx, key, ports.Upload{Size: 5, TTL: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	for _, body := range []string{"hello, world", "hello"} {
		request, err := http.NewRequestWithContext(ctx, signed.Method, signed.URL.Reveal(), strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			log.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}
	server.Close()
	content, _ := objects.Get(key)
	fmt.Printf("%s\n", content)
	// Output:
	// 400
	// 200
	// hello
}

// A system that is away is an error that says so.
func ExampleBreakable() {
	registry := &memory.Registry{}
	registry.Break()
	_, err := registry.List(context.Background(), domain.TenantID{}, 10)
	fmt.Println(domain.KindOf(err) == domain.Unavailable)
	// Output: true
}
