package httpapi_test

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/ports"
)

func readHostile(t *testing.T, name string, into any) {
	t.Helper()
	file, err := os.ReadFile("../../testdata/hostile/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, into); err != nil {
		t.Fatal(err)
	}
}

func TestHostileRequestsGetTheirAnswer(t *testing.T) {
	h := open(t)
	users, subjects := h.hostileUsers(t)
	ada := users["ada"]
	var requests []struct {
		Group, Name, As, Method, Target string
		Headers                         []string
		Body                            []byte
		Status                          int
		Code                            domain.Code
		Field                           string
	}
	readHostile(t, "requests.json", &requests)
	if len(requests) < 200 {
		t.Errorf("there are only %d", len(requests))
	}
	for _, r := range requests {
		t.Run(r.Group+"/"+r.Name, func(t *testing.T) {
			if r.As != "" {
				r.Headers = append(r.Headers, users[r.As])
			}
			h.sendRaw(t, r.Method, subjects.Replace(r.Target), r.Headers, []byte(subjects.Replace(string(r.Body)))).isProblem(t, r.Status, r.Code, r.Field)
		})
	}
	t.Run("and both are served as before", func(t *testing.T) {
		if key := h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200).field(t, "key"); key != "acme/a" {
			t.Errorf("ada's key is %s", key)
		}
		if strings.Contains(h.log.String(), `"level":"ERROR"`) {
			t.Errorf("the log has an internal error: %s", h.log)
		}
	})
}

// hostileUsers makes the tenants and the members of the hostile requests. It returns
// the Authorization header of each user, and what puts their subjects into a text.
func (h *installation) hostileUsers(t *testing.T) (map[string]string, *strings.Replacer) {
	t.Helper()
	acme := h.tenant(t, "acme", "ada@acme.example")
	beta := h.tenant(t, "beta", "bob@beta.example")
	h.objects.Put(domain.Must(domain.NewObjectKey(beta, "secret.txt")), "text/plain", []byte("beta's"))
	h.join(t, acme, "amy@acme.example", domain.RoleAdmin)
	h.join(t, acme, "vic@acme.example", domain.RoleViewer)
	h.join(t, acme, "sue@acme.example", domain.RoleAdmin)
	h.join(t, acme, "max@acme.example", domain.RoleAdmin)
	suspended, past := domain.MemberSuspended, h.clock.Now().Add(-time.Hour)
	for address, change := range map[string]domain.MembershipChange{"sue@acme.example": {State: &suspended}, "max@acme.example": {ExpiresAt: &past}} {
		_, err := h.db.Members().Change(t.Context(), ports.MemberChange{Tenant: acme, Member: h.caller(t, address).Identity(), By: domain.OperatorActor(), MembershipChange: change})
		succeed(t, err)
	}
	headers, pairs := map[string]string{}, []string{}
	for _, address := range []string{"ada@acme.example", "amy@acme.example", "vic@acme.example", "sue@acme.example", "max@acme.example", "bob@beta.example"} {
		name, _, _ := strings.Cut(address, "@")
		headers[name] = h.signIn(t, address)
		pairs = append(pairs, "{"+name+"}", h.caller(t, address).Identity().Subject())
	}
	return headers, strings.NewReplacer(append(pairs, h.hostileInvitations(t, acme, beta)...)...)
}

// hostileInvitations makes the invitations of the hostile requests. It returns what
// stands for them in a text, and what replaces it.
func (h *installation) hostileInvitations(t *testing.T, acme, beta domain.TenantID) []string {
	t.Helper()
	invite := func(id domain.TenantID, what invitations.Invite) domain.Invitation {
		t.Helper()
		return domain.Must(h.config.Invitations.Create(t.Context(), domain.Must(access.Installation().Manager(id)), ports.Caller{}, what)).Invitation
	}
	toOwner, ofBeta := invite(acme, invitations.Invite{Role: domain.RoleOwner}), invite(beta, invitations.Invite{Role: domain.RoleViewer})
	mailed := invite(acme, invitations.Invite{Role: domain.RoleAdmin, Email: parse(t, domain.ParseEmail, "bob@beta.example")})
	event := domain.Must(domain.NewInvitationEvent(t.Context(), domain.EventInvitationCreated, mailed.CreatedBy, mailed, domain.InvitationID{}))
	token := domain.Must(h.config.Invitations.IssueToken(t.Context(), event)).Token
	return []string{"{toOwner}", toOwner.ID.String(), "{ofBeta}", ofBeta.ID.String(), "{tokenForBob}", token.Reveal()}
}

func TestHostileTokensAreRefusedOverHTTP(t *testing.T) {
	var hostile struct {
		Now                                        time.Time
		Issuer, Provider, ClientID, KeyID, Subject string
		Key                                        []byte
		Good                                       string
		Rules                                      []struct {
			Name   string
			Tokens []struct{ Name, Token string }
		}
	}
	readHostile(t, "tokens.json", &hostile)
	key, err := x509.ParsePKIXPublicKey(hostile.Key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tokens.StaticKeys(hostile.KeyID, key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := tokens.New(tokens.Config{
		Issuers: []tokens.Issuer{{URLs: []string{hostile.Issuer}, Provider: hostile.Provider, ClientIDs: []string{hostile.ClientID}, Keys: keys}},
		Now:     func() time.Time { return hostile.Now },
	})
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, func(h *installation) { h.config.Verifier = verifier })
	const target = "/files/download-url?filename=a"
	h.sendRaw(t, http.MethodGet, target, []string{"Authorization: Bearer " + hostile.Good}, nil).isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
	for _, rule := range hostile.Rules {
		for _, token := range rule.Tokens {
			t.Run(rule.Name+"/"+token.Name, func(t *testing.T) {
				got := h.sendRaw(t, http.MethodGet, target, []string{"Authorization: Bearer " + token.Token}, nil)
				switch {
				case strings.Trim(token.Token, " \r\n") == hostile.Good: // a header's value has no white space around it
					got.isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
				case strings.ContainsAny(token.Token, "\r\n"): // it is two lines of headers now
					if got.status != 400 && got.status != 401 {
						t.Errorf("got %d %s", got.status, got.body)
					}
				default:
					got.isProblem(t, 401, domain.CodeInvalidToken, "")
				}
			})
		}
	}
}

// sendRaw sends a request whose every byte is as given, and returns the answer.
func (h *installation) sendRaw(t *testing.T, method, target string, headers []string, body []byte) answer {
	t.Helper()
	conn := h.dial(t)
	defer conn.Close()
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, target)
	for _, header := range headers {
		head.WriteString(header + "\r\n")
	}
	if method == http.MethodPost || len(body) > 0 {
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(body))
	}
	_, _ = io.WriteString(conn, head.String()+"\r\n"+string(body))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}
