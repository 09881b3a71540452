package app_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
)

// An installation in memory serves the whole API. Its data are lost at the end.
func ExampleNew() {
	pw := domain.Must(app.New(context.Background(), app.Config{Memory: true}))
	defer pw.Close()

	server := httptest.NewServer(pw.Handler())
	defer server.Close()
	answer := domain.Must(http.Post(server.URL+"/auth/tenants", "application/json", strings.NewReader(`{"tenantId": "acme"}`)))
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	// Output: 201 Created
}

// A product has tables of its own in every tenant, and seeds them.
func ExamplePartywall_InTenant() {
	ctx := context.Background()
	cfg := app.Config{
		Database: databaseOfExample(),
		Keys:     keysOfExample(),
		TenantMigrations: fstest.MapFS{ // or an embed.FS
			"0001_invoices.sql": {Data: []byte(`CREATE TABLE invoices (cents bigint NOT NULL)`)},
		},
		OnProvision: func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant, _ domain.Identity) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO invoices VALUES (900)`)
			return err
		},
	}
	if err := app.Setup(ctx, cfg, func(line string) {}); err != nil { // a deployment's step of its own
		log.Fatal(err)
	}
	pw := domain.Must(app.New(ctx, cfg))
	defer pw.Close()

	acme := owned(ctx, pw, "acme", "ada@acme.example")
	var total int
	err := pw.InTenant(ctx, acme, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO invoices VALUES ($1)`, 100); err != nil {
			return err
		}
		return tx.GetContext(ctx, &total, `SELECT sum(cents) FROM invoices`)
	})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(acme.Tenant(), "owes", total)

	// A job has no member: the operator admits a worker to each tenant, for a reason.
	err = pw.EachTenant(ctx, access.Installation(), "monthly report", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
		fmt.Println("reporting to", tenant.Name)
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// acme owes 1000
	// reporting to acme
}

// A product's routes are served beside the API, which is mounted below a prefix.
func ExamplePartywall_RequireMember() {
	ctx := context.Background()
	pw := domain.Must(app.New(ctx, app.Config{
		Memory:    true,
		PublicURL: &url.URL{Scheme: "https", Host: "shop.io", Path: "/pw"}, // where signed URLs point
		Resolve:   app.Subdomain("shop.io"),
	}))
	defer pw.Close()

	mux := http.NewServeMux()
	mux.Handle("/pw/", http.StripPrefix("/pw", pw.Handler()))
	mux.Handle("GET /hello", pw.RequireMember(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		member, _ := app.MemberFrom(r.Context())
		if err := member.Require(domain.WriteFiles); err != nil {
			pw.WriteProblem(w, r, err)
			return
		}
		fmt.Fprintf(w, "hello, %s of %s", member.Role(), member.Tenant())
	})))

	owned(ctx, pw, "acme", "ada@acme.example")
	hello := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://acme.shop.io/hello", nil)
	hello.Header.Set("Authorization", "Bearer "+signIn(ctx, pw, "ada@acme.example"))
	fmt.Println(answer(mux, hello))
	// Output: 200 hello, owner of acme
}

// The same for a product that is built with Echo.
func ExamplePartywall_EchoRequireMember() {
	ctx := context.Background()
	pw := domain.Must(app.New(ctx, app.Config{Memory: true}))
	defer pw.Close()

	e := echo.New()
	e.HTTPErrorHandler = pw.EchoErrorHandler // errors become problem documents
	e.Any("/pw/*", echo.WrapHandler(http.StripPrefix("/pw", pw.Handler())))
	e.GET("/hello", func(c echo.Context) error {
		member, _ := app.MemberFrom(c.Request().Context())
		return c.String(http.StatusOK, "hello, "+string(member.Role()))
	}, pw.EchoRequireMember)

	owned(ctx, pw, "acme", "ada@acme.example")
	hello := httptest.NewRequestWithContext(ctx, http.MethodGet, "/hello", nil)
	hello.Header.Set("Authorization", "Bearer "+signIn(ctx, pw, "ada@acme.example"))
	fmt.Println(answer(e, hello))
	// Output: 200 hello, owner
}

// A job has no member. The operator admits a worker, and states a reason.
func ExamplePartywall_InTenant_worker() {
	ctx := context.Background()
	pw := domain.Must(app.New(ctx, app.Config{Memory: true}))
	defer pw.Close()

	acme := owned(ctx, pw, "acme", "ada@acme.example")
	worker := domain.Must(pw.Access.AdmitWorker(ctx, access.Installation(), acme.Tenant(), "ticket 17: wrong total"))
	err := pw.InTenant(ctx, worker, func(ctx context.Context, tx *sqlx.Tx) error { return nil })
	fmt.Println(domain.CodeOf(err)) // on memory there is no SQL; a test calls apptest.Open for that
	// Output: no_database
}

// databaseOfExample is a database that is removed after the tests.
func databaseOfExample() app.Database {
	server := domain.Must(embeddedpg.StartTemporary(context.Background(), embeddedpg.Temporary{}))
	atEnd = append(atEnd, server)
	return app.Database{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, Name: "example"}
}

func keysOfExample() *idp.Keys {
	keys := domain.Must(idp.NewKeys())
	return keys
}

// owned creates a tenant with a new owner.
func owned(ctx context.Context, pw *app.Partywall, id, address string) access.Member {
	tenantID := domain.Must(domain.ParseTenantID(id))
	created := domain.Must(pw.Tenants.Create(ctx, tenants.Creator{}, tenants.Creation{ID: tenantID}))
	email := domain.Must(domain.ParseEmail(address))
	user := domain.Must(pw.Identities.SignUp(ctx, limits.Address{}, identities.SignUp{Email: email, Password: password, ClaimToken: created.ClaimToken}))
	member := domain.Must(pw.Access.Admit(ctx, user.Identity, tenantID))
	return member
}

var password = domain.NewSecret("Correct-Horse-7")

func signIn(ctx context.Context, pw *app.Partywall, address string) string {
	email := domain.Must(domain.ParseEmail(address))
	step := domain.Must(pw.Identities.SignIn(ctx, limits.Address{}, email, password))
	return step.Tokens.Access.Reveal()
}

func answer(handler http.Handler, r *http.Request) string {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	body := domain.Must(io.ReadAll(w.Body))
	return fmt.Sprint(w.Code, " ", string(body))
}
