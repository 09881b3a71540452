package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/realservers"
)

// life is an installation in which a tenant lives, with the people who call its API.
type life struct {
	t      *testing.T
	env    map[string]string
	server *server
	mails  *mailServer
	pool   *realservers.Cognito
	bucket *realservers.ObjectServer

	anyone, operator, ada, bob, dan, eve, sam, zoe *person

	secrets []string // that neither the log nor an event may contain
}

// person is a caller of the API: a user, the operator, or a caller without a token.
type person struct{ name, token, sub string }

func (p *person) email() string { return p.name + "@acme.example" }

// startLife serves an installation in which nothing is built in.
func startLife(t *testing.T) *life {
	t.Helper()
	needPostgres(t)
	l := &life{
		t: t, mails: startMailServer(t), pool: realservers.CognitoLocal(t), bucket: realservers.S3(t),
		anyone: &person{name: "anyone"}, operator: &person{name: "operator", token: strings.Repeat("operator", 4)},
		ada: &person{name: "ada"}, bob: &person{name: "bob"}, dan: &person{name: "dan"},
		eve: &person{name: "eve"}, sam: &person{name: "sam"}, zoe: &person{name: "zoe"},
	}
	if err := l.bucket.KeepVersions(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.env = configured(t, l.pool, l.bucket)
	l.env["OPERATOR_TOKEN"] = l.operator.token
	l.env["EMAIL_SENDER"], l.env["AWS_ENDPOINT_URL_SESV2"] = "noreply@acme.example", l.mails.url
	succeeding(t, l.env)("setup")
	l.server = serveProgram(t, l.env)
	l.secrets = []string{l.operator.token, lifePassword, "eyJ"} // the last one begins each access token
	return l
}

// call sends a request to the API, whose answer must have the status, and writes it to the
// transcript. It returns the answer.
func (l *life) call(by *person, method, path string, body map[string]any, want int) map[string]any {
	l.t.Helper()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			l.t.Fatal(err)
		}
		content = strings.NewReader(string(encoded))
	}
	request, err := http.NewRequestWithContext(l.t.Context(), method, l.server.api+path, content)
	if err != nil {
		l.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if by.token != "" {
		request.Header.Set("Authorization", "Bearer "+by.token)
	}
	if strings.HasPrefix(path, "/files") {
		request.Header.Set("X-Tenant-ID", "acme")
	}
	answer := l.send(by, request, path, want)
	if len(answer) == 0 {
		return nil
	}
	return object(l.t, string(answer))
}

// refused sends a request that must be refused with the status and the code.
func (l *life) refused(by *person, method, path string, body map[string]any, status int, code string) {
	l.t.Helper()
	if problem := l.call(by, method, path, body, status); problem["code"] != code {
		l.t.Errorf("%s %s of %s has the code %v, not %s", method, path, by.name, problem["code"], code)
	}
}

// send sends a request, which the transcript shows by its path.
func (l *life) send(by *person, request *http.Request, path string, want int) []byte {
	l.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("%-8s  %-6s %s: %d", by.name, request.Method, path, response.StatusCode)
	if response.StatusCode != want {
		l.t.Fatalf("%s %s of %s answered %d, not %d: %s", request.Method, path, by.name, response.StatusCode, want, answer)
	}
	return answer
}

// chapter writes a heading to the transcript.
func (l *life) chapter(title string) {
	l.t.Helper()
	l.t.Logf("# %s", title)
}

const lifePassword = "Steep-Stair-7-Lantern"

// signUp makes an account, by a token of the field if that is not empty, confirms its
// address, and signs in.
func (l *life) signUp(p *person, field, token string) {
	l.t.Helper()
	body := map[string]any{"email": p.email(), "password": lifePassword}
	if field != "" {
		body[field] = token
	}
	p.sub = text(l.t, l.call(p, "POST", "/auth/signup", body, http.StatusCreated), "UserSub")
	l.call(p, "POST", "/auth/verify-email", map[string]any{"email": p.email(), "code": realservers.CognitoCode}, http.StatusOK)
	if err := l.pool.VerifyAddress(l.t.Context(), p.email()); err != nil {
		l.t.Fatal(err)
	}
	p.token = text(l.t, l.call(p, "POST", "/auth/signin", map[string]any{"email": p.email(), "password": lifePassword}, http.StatusOK), "AccessToken")
}

// upload puts a file into the tenant.
func (l *life) upload(by *person, name, content string) {
	l.t.Helper()
	signed := l.call(by, "POST", "/files/upload-url", map[string]any{"filename": name, "size": len(content)}, http.StatusOK)
	request, err := http.NewRequestWithContext(l.t.Context(), text(l.t, signed, "method"), text(l.t, signed, "uploadUrl"), strings.NewReader(content))
	if err != nil {
		l.t.Fatal(err)
	}
	headers, _ := signed["headers"].(map[string]any)
	for header, value := range headers {
		if header != "Content-Length" && header != "Host" {
			request.Header.Set(header, value.(string))
		}
	}
	l.send(by, request, request.URL.Path, http.StatusOK)
}

// mustDownload requires that the tenant has a file with the content.
func (l *life) mustDownload(by *person, name, content string) {
	l.t.Helper()
	signed := l.call(by, "GET", "/files/download-url?filename="+name, nil, http.StatusOK)
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, text(l.t, signed, "downloadUrl"), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if got := l.send(by, request, request.URL.Path, http.StatusOK); string(got) != content {
		l.t.Errorf("the file %s contains %q", name, got)
	}
}

// text returns a field of an answer, which must be a text that is not empty.
func text(t *testing.T, answer map[string]any, field string) string {
	t.Helper()
	value, _ := answer[field].(string)
	if value == "" {
		t.Fatalf("no %s in %v", field, answer)
	}
	return value
}

// items returns the items of a list.
func items(t *testing.T, answer map[string]any) (all []map[string]any) {
	t.Helper()
	list, isList := answer["items"].([]any)
	if !isList {
		t.Fatalf("no items in %v", answer)
	}
	for _, item := range list {
		all = append(all, item.(map[string]any))
	}
	return all
}
