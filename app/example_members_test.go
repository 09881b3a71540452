package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/members"
)

type team struct{ *app.Partywall }

// changeRole serves PUT /team/{sub}, and DELETE, which ends the membership.
func (t team) changeRole(w http.ResponseWriter, r *http.Request) {
	member, _ := app.MemberFrom(r.Context())
	manager, err := member.Manager()
	if err != nil {
		t.WriteProblem(w, r, err)
		return
	}
	who, err := domain.NewIdentity(member.Identity().Provider(), r.PathValue("sub"))
	switch role := domain.Role(r.FormValue("role")); {
	case err != nil:
	case r.Method == http.MethodDelete:
		err = t.Members.Remove(r.Context(), manager, who, "")
	default:
		_, err = t.Members.Change(r.Context(), manager, who, domain.MembershipChange{Role: &role})
	}
	if err != nil {
		t.WriteProblem(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Owners and admins manage the members of their tenant by a route of the product's.
func ExamplePartywall_RequireMember_manageMembers() {
	ctx := context.Background()
	pw := domain.Must(app.New(ctx, app.Config{Memory: true}))
	defer pw.Close()
	mux := http.NewServeMux()
	changeRole := pw.RequireMember(http.HandlerFunc(team{pw}.changeRole))
	mux.Handle("PUT /team/{sub}", changeRole)
	mux.Handle("DELETE /team/{sub}", changeRole)

	ada := owned(ctx, pw, "acme", "ada@acme.example")
	email := domain.Must(domain.ParseEmail("bob@acme.example"))
	bob := domain.Must(pw.Identities.SignUp(ctx, limits.Address{}, identities.SignUp{Email: email, Password: password})).Identity
	// Bob accepted: the product, as the operator, makes him a member.
	domain.Must(pw.Members.Grant(ctx, access.Installation(), ada.Tenant(), members.Grant{Identity: bob, Role: domain.RoleViewer, Reason: "accepted"}))
	send := func(token, method string, who domain.Identity, role domain.Role) int {
		r := httptest.NewRequestWithContext(ctx, method, "/team/"+who.Subject(), strings.NewReader("role="+string(role)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code
	}
	adas, bobs := signIn(ctx, pw, "ada@acme.example"), signIn(ctx, pw, "bob@acme.example")
	fmt.Println("bob promotes himself:", send(bobs, http.MethodPut, bob, domain.RoleAdmin))
	fmt.Println("ada promotes bob:", send(adas, http.MethodPut, bob, domain.RoleAdmin))
	fmt.Println("bob demotes ada:", send(bobs, http.MethodPut, ada.Identity(), domain.RoleViewer))
	fmt.Println("ada names no role:", send(adas, http.MethodPut, bob, ""))
	fmt.Println("ada removes bob:", send(adas, http.MethodDelete, bob, ""))
	fmt.Println("ada leaves, the last owner:", send(adas, http.MethodDelete, ada.Identity(), ""))
	// Output:
	// bob promotes himself: 403
	// ada promotes bob: 204
	// bob demotes ada: 403
	// ada names no role: 400
	// ada removes bob: 204
	// ada leaves, the last owner: 409
}

func TestTheDocsChangeARoleAsTheExampleDoes(t *testing.T) {
	page, example := domain.Must(os.ReadFile("../docs/embedding.md")), domain.Must(os.ReadFile("example_members_test.go"))
	_, rest, _ := strings.Cut(string(page), "```go\nfunc (t team) changeRole(")
	body, _, closed := strings.Cut(rest, "\n```")
	if !closed || !strings.Contains(string(example), body) {
		t.Errorf("docs/embedding.md shows another changeRole than this example:\n%s", body)
	}
}
