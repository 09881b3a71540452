package memory_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// A product's test creates a tenant with an owner and a viewer, and shows what each
// may do.
func Example() {
	ctx := context.Background()
	db := &memory.DB{}
	service := &access.Service{Members: db.Members()}

	acme := domain.Must(domain.ParseTenantID("acme"))
	ada := domain.Must(domain.NewIdentity("test", "ada"))
	bob := domain.Must(domain.NewIdentity("test", "bob"))
	domain.Must(db.Tenants().Create(ctx, ports.TenantCreation{ID: acme, Owner: ada}))
	domain.Must(db.Members().Grant(ctx, ports.MemberGrant{Tenant: acme, Member: bob, Role: domain.RoleViewer}))

	for _, who := range []domain.Identity{ada, bob} {
		member := domain.Must(service.Admit(ctx, who, acme))
		fmt.Println(member.Role(), member.Require(domain.WriteFiles))
	}
	// Output:
	// owner <nil>
	// viewer forbidden: the role viewer may not write files
}

// A test's own clock makes a reservation expire.
func ExampleDB() {
	ctx := context.Background()
	now := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	db := &memory.DB{Now: func() time.Time { return now }}
	acme := domain.Must(domain.ParseTenantID("acme"))
	token := domain.NewSecret("a claim token").Hash()
	domain.Must(db.Reservations().Reserve(ctx, ports.ReservationRequest{ID: acme, Token: token, TTL: 24 * time.Hour}))

	now = now.Add(24 * time.Hour)
	_, err := db.Tenants().Probe(ctx, acme)
	fmt.Println(domain.CodeOf(err))
	// Output: tenant_not_found
}

// A signed URL works, and enforces what was signed, without a server.
func ExampleObjects() {
	ctx := context.Background()
	objects := &memory.Objects{}
	key := domain.Must(domain.ParseObjectKey("acme/reports/2026.txt"))
	signed := domain.Must(objects.SignUpload(ctx, key, ports.Upload{Size: domain.Must(domain.NewFileSize(5)), TTL: time.Minute}))

	for _, body := range []string{"hello, world", "hello"} {
		answer := httptest.NewRecorder()
		objects.ServeHTTP(answer, httptest.NewRequest(signed.Method, signed.URL.Reveal(), strings.NewReader(body)))
		fmt.Println(answer.Code)
	}
	content, _ := objects.Get(key)
	fmt.Printf("%s\n", content)
	// Output:
	// 400
	// 200
	// hello
}

// An unavailable system returns an error of that kind.
func ExampleBreakable() {
	db := &memory.DB{}
	db.Break()
	_, err := db.Tenants().List(context.Background(), domain.TenantID{}, 10)
	fmt.Println(domain.KindOf(err) == domain.Unavailable)
	// Output: true
}
