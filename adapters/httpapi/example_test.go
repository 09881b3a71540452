package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/files"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/tenants"
)

// The API on memory, below a prefix of a product's own.
func ExampleNew() {
	db, provider := &memory.DB{}, idptest.New()
	service := &tenants.Service{Provisioner: db.Tenants(), Prober: db.Tenants(), Reservations: db.Reservations(), Users: provider}
	api := httpapi.New(httpapi.Config{
		Access:     &access.Service{Members: db.Members()},
		Tenants:    service,
		Identities: &identities.Service{Provider: provider, Directory: db.Directory(), Tenants: service},
		Files:      &files.Service{Signer: &memory.Objects{}, MaxSize: 5 << 30},
		Verifier:   provider,
	})
	product := http.NewServeMux()
	product.Handle("/pw/", http.StripPrefix("/pw", api))

	request := httptest.NewRequest(http.MethodPost, "/pw/auth/tenants", strings.NewReader(`{"tenantId": "acme", "plan": "gold"}`))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-ID", "example")
	answer := httptest.NewRecorder()
	product.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Body)
	// Output:
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"plan is not a field here; the fields are tenantId, name","code":"invalid","message":"plan is not a field here; the fields are tenantId, name","field":"plan","requestId":"example"}
}
