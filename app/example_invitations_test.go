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
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
)

// invite serves POST /team, which invites by link.
func (t team) invite(w http.ResponseWriter, r *http.Request) {
	member, _ := app.MemberFrom(r.Context())
	caller, _ := app.CallerFrom(r.Context())
	manager, err := member.Manager()
	if err != nil {
		t.WriteProblem(w, r, err)
		return
	}
	issued, err := t.Invitations.Create(r.Context(), manager, caller, invitations.Invite{Role: domain.Role(r.FormValue("role"))})
	if err != nil {
		t.WriteProblem(w, r, err)
		return
	}
	fmt.Fprint(w, issued.Token.Reveal())
}

// Owners and admins invite by a route of the product's, and the invited person signs up.
func ExamplePartywall_RequireMember_invite() {
	ctx := context.Background()
	pw := domain.Must(app.New(ctx, app.Config{Memory: true}))
	defer pw.Close()
	invite := pw.RequireMember(http.HandlerFunc(team{pw}.invite))

	owned(ctx, pw, "acme", "ada@acme.example")
	send := func(email, role string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/team", strings.NewReader("role="+role))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+signIn(ctx, pw, email))
		w := httptest.NewRecorder()
		invite.ServeHTTP(w, r)
		return w
	}
	token := domain.NewSecret(send("ada@acme.example", "admin").Body.String())
	offer := domain.Must(pw.Invitations.Preview(ctx, limits.Address{}, token))
	fmt.Println("bob is invited as", offer.Role, "of", offer.Tenant)
	bob := domain.Must(domain.ParseEmail("bob@acme.example"))
	domain.Must(pw.Identities.SignUp(ctx, limits.Address{}, identities.SignUp{Email: bob, Password: password, InvitationToken: token}))
	fmt.Println("bob invites an owner:", send("bob@acme.example", "owner").Code)
	fmt.Println("bob invites a member:", send("bob@acme.example", "member").Code)
	// Output:
	// bob is invited as admin of acme
	// bob invites an owner: 403
	// bob invites a member: 200
}

func TestTheDocsInviteAsTheExampleDoes(t *testing.T) {
	page, example := domain.Must(os.ReadFile("../docs/embedding.md")), domain.Must(os.ReadFile("example_invitations_test.go"))
	_, rest, _ := strings.Cut(string(page), "```go\nfunc (t team) invite(")
	body, _, closed := strings.Cut(rest, "\n```")
	if !closed || !strings.Contains(string(example), body) {
		t.Errorf("docs/embedding.md shows another invite than this example:\n%s", body)
	}
}
