package apptest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
)

func TestAnAccountSignsIn(t *testing.T) {
	confirming := config
	confirming.RequireConfirmation = true
	for name, cfg := range map[string]*app.Config{"at once": &config, "with a code by mail": &confirming} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := apptest.OpenMemory(t, cfg)
			account := acme.SignUp(t)
			token := signIn(t, acme, account)
			member := acme.JoinAs(t, account, domain.RoleMember)
			for _, u := range []apptest.User{member, {Member: member.Member, Token: token}} {
				if got := upload(t, acme, u); !strings.Contains(got, `"key":"`+acme.ID.String()+`/a.txt"`) {
					t.Errorf("the member's upload: %s", got)
				}
			}
			if other := acme.SignUp(t); other.Identity == account.Identity || other.Email == account.Email {
				t.Error("two accounts are one")
			}
		})
	}
}

// TestManyAccountsSignUp shows that accounts of one installation do not exhaust each
// other's limits.
func TestManyAccountsSignUp(t *testing.T) {
	acme := apptest.OpenMemory(t, &config)
	for range 30 {
		acme.SignUp(t)
	}
}

func TestMailComesInOrder(t *testing.T) {
	acme := apptest.OpenMemory(t, &config)
	ada, bob := acme.SignUp(t), acme.SignUp(t)
	for _, account := range []apptest.Account{ada, bob, ada} {
		body := fmt.Sprintf(`{"email": %q}`, account.Email)
		if w := post(t, acme, "/auth/forgot-password", body); w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	first, second := acme.NextMail(t, ada.Email), acme.NextMail(t, ada.Email)
	if first.Secret.IsZero() || first.Secret == second.Secret {
		t.Error("two mails have the same code, or none")
	}
	if all := acme.Mails(ada.Email); len(all) != 2 || all[1].Secret != second.Secret {
		t.Errorf("there are %d mails", len(all))
	}
	if mail := acme.NextMail(t, bob.Email); !mail.To.Equal(bob.Email) {
		t.Errorf("the mail is to %s", mail.To)
	}
	reset := fmt.Sprintf(`{"email": %q, "code": %q, "newPassword": "Another-Horse-7"}`, ada.Email, second.Secret.Reveal())
	if w := post(t, acme, "/auth/reset-password", reset); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// logged is a test that records its log.
type logged struct {
	testing.TB
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Log(args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.text, args...)
}

func (l *logged) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestTheCauseOfA500IsInTheTestsLog(t *testing.T) {
	needPostgres(t)
	var own bytes.Buffer
	cfg := config
	cfg.Logger = slog.New(slog.NewTextHandler(&own, nil))
	acmes, betas := &logged{TB: t}, &logged{TB: t}
	acme := apptest.Open(acmes, &cfg)
	beta := apptest.Open(betas, &cfg)
	broken := acme.RequireMember(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		acme.WriteProblem(w, r, errors.New("the printer is on fire"))
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/print", nil)
	acme.Owner.Authorize(r)
	w := httptest.NewRecorder()
	broken.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "printer") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(acmes.said(), "the printer is on fire") || !strings.Contains(own.String(), "the printer is on fire") {
		t.Errorf("the test's log has %q, the product's %q", acmes.said(), own.String())
	}
	if strings.Contains(betas.said(), "printer") {
		t.Errorf("another test's log has %q", betas.said())
	}
	if strings.Contains(acmes.said(), "level=INFO") {
		t.Errorf("the test's log has what isn't a warning: %q", acmes.said())
	}
	_ = beta
}

// signIn signs the account in over HTTP, and returns its access token.
func signIn(t *testing.T, x *apptest.Tenant, account apptest.Account) string {
	t.Helper()
	w := post(t, x, "/auth/signin", fmt.Sprintf(`{"email": %q, "password": %q}`, account.Email, account.Password.Reveal()))
	_, token, found := strings.Cut(w.Body.String(), `"AccessToken":"`)
	token, _, _ = strings.Cut(token, `"`)
	if w.Code != http.StatusOK || !found {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return token
}

func post(t *testing.T, x *apptest.Tenant, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, io.NopCloser(strings.NewReader(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	x.Handler().ServeHTTP(w, r)
	return w
}

func TestEveryUserHasAnAccount(t *testing.T) {
	acme := apptest.OpenMemory(t, &config)
	for name, user := range map[string]apptest.User{"the owner": acme.Owner, "a member": acme.Join(t, domain.RoleMember)} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/me", nil)
		user.Authorize(r)
		w := httptest.NewRecorder()
		acme.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `@example.com"`) || !strings.Contains(w.Body.String(), acme.ID.String()) {
			t.Errorf("%s is %d %s", name, w.Code, w.Body)
		}
	}
}
