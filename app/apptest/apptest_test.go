package apptest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := apptest.Close(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

var config = app.Config{
	TenantMigrations: fstest.MapFS{"0001_notes.sql": {Data: []byte(`CREATE TABLE notes (text text NOT NULL)`)}},
	TenantCreation:   tenants.OperatorOnly, // the test gets its tenant all the same
}

func TestATenantIsFresh(t *testing.T) {
	needPostgres(t)
	for range 3 {
		t.Run("in every test", func(t *testing.T) {
			t.Parallel()
			acme := apptest.Open(t, &config)
			beta := acme.Another(t)
			write(t, acme, "mine")
			if a, b := notes(t, acme), notes(t, beta); a != 1 || b != 0 {
				t.Errorf("%d notes, the neighbour has %d", a, b)
			}
		})
	}
}

func TestAUserIsSignedIn(t *testing.T) {
	needPostgres(t)
	for name, open := range map[string]func(testing.TB, *app.Config) *apptest.Tenant{"on PostgreSQL": apptest.Open, "in memory": apptest.OpenMemory} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := open(t, &config)
			beta := acme.Another(t)
			for _, x := range []*apptest.Tenant{acme, beta} {
				if got := upload(t, x, x.Owner); !strings.Contains(got, `"key":"`+x.ID.String()+`/a.txt"`) {
					t.Errorf("an owner's upload: %s", got)
				}
			}
			if got := upload(t, acme, acme.Join(t, domain.RoleMember)); !strings.Contains(got, acme.ID.String()+"/a.txt") {
				t.Errorf("a member's upload: %s", got)
			}
			if got := upload(t, acme, acme.Join(t, domain.RoleViewer)); !strings.Contains(got, "forbidden") {
				t.Errorf("a viewer's upload: %s", got)
			}
			stranger := apptest.User{Member: acme.Owner.Member, Token: beta.Owner.Token}
			if got := upload(t, acme, stranger); !strings.Contains(got, "tenant_not_found") {
				t.Errorf("a neighbour's upload: %s", got)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	apptest.Open(b, &config)
	for b.Loop() {
		apptest.Open(b, &config)
	}
}

func BenchmarkOpenMemory(b *testing.B) {
	apptest.OpenMemory(b, &config)
	for b.Loop() {
		apptest.OpenMemory(b, &config)
	}
}

// needPostgres skips the test on a machine without PostgreSQL, unless in CI.
func needPostgres(t *testing.T) {
	t.Helper()
	_, err := embeddedpg.FindBinaries()
	realservers.Need(t, err)
}

func write(t *testing.T, x *apptest.Tenant, text string) {
	t.Helper()
	err := x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO notes VALUES ($1)`, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func notes(t *testing.T, x *apptest.Tenant) (n int) {
	t.Helper()
	err := x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &n, `SELECT count(*) FROM notes`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// upload requests an upload as u, and returns the answer.
func upload(t *testing.T, x *apptest.Tenant, u apptest.User) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/files/upload-url", strings.NewReader(`{"filename": "a.txt"}`))
	r.Header.Set("Content-Type", "application/json")
	u.Authorize(r)
	w := httptest.NewRecorder()
	x.Handler().ServeHTTP(w, r)
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
