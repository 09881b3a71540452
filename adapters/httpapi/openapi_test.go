package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

func TestEachRouteIsAnOperationOfTheDocument(t *testing.T) {
	routes, operations := map[string]bool{}, map[string]bool{}
	h := build(t)
	h.config.LocalKeys = http.NotFoundHandler()
	for _, route := range httpapi.Routes(h.config) {
		routes[route.Method+" "+template(route.Path)] = true
	}
	for _, o := range theContract().operations {
		operations[o.method+" "+template(o.path)] = true
		if o.method == http.MethodGet {
			operations["HEAD "+template(o.path)] = true // as the document says
		}
	}
	for _, missing := range lacking(routes, operations) {
		t.Errorf("openapi.yaml lacks %s", missing)
	}
	for _, missing := range lacking(operations, routes) {
		t.Errorf("openapi.yaml has %s, which no route serves", missing)
	}
}

// template returns a path with its parameters unnamed: Echo writes :id and *, OpenAPI
// writes {id} and {key}.
func template(path string) string {
	return regexp.MustCompile(`:\w+|\*|\{\w+\}`).ReplaceAllString(path, "{}")
}

// lacking returns what a has and b lacks.
func lacking[A, B any](a map[string]A, b map[string]B) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range a {
			if _, found := b[name]; !found && !yield(name) {
				return
			}
		}
	})
}

func TestEachCodeIsInTheDocument(t *testing.T) {
	documented, defined := documentedCodes(), map[string]bool{}
	for _, code := range problem.Codes() {
		defined[string(code)] = true
	}
	for kind := range kinds() {
		defined[kind] = true
	}
	for _, name := range lacking(defined, documented) {
		t.Errorf("the schema Code of openapi.yaml lacks %s", name)
	}
	for _, name := range lacking(documented, defined) {
		t.Errorf("the schema Code of openapi.yaml has %s, which the program lacks", name)
	}
}

func TestTheWordsOfTheDocumentAreThoseOfTheDomain(t *testing.T) {
	owners := slices.DeleteFunc(domain.TenantStatuses(), func(s domain.TenantStatus) bool { return !s.VisibleToOwners() })
	for schema, want := range map[string]string{
		"TenantStatus":                 fmt.Sprint(domain.TenantStatuses()),
		"Membership/properties/status": fmt.Sprint(owners),
		"Role":                         fmt.Sprint(domain.Roles()),
	} {
		var documented []string
		for _, word := range theContract().at("/components/schemas/" + schema).field("enum").items() {
			documented = append(documented, word.text())
		}
		if got := fmt.Sprint(documented); got != want {
			t.Errorf("the schema %s of openapi.yaml has %s, the domain %s", schema, got, want)
		}
	}
}

// documentedCodes returns the entries of the schema Code by their codes.
func documentedCodes() map[string]node {
	codes := map[string]node{}
	for _, entry := range theContract().at("/components/schemas/Code/oneOf").items() {
		codes[entry.field("const").text()] = entry
	}
	return codes
}

func TestTheDocumentHasTheKindAndTheFieldOfEachCode(t *testing.T) {
	for code, entry := range documentedCodes() {
		kind, known := kinds()[entry.field("x-kind").text()]
		if !known || entry.field("description").text() == "" {
			t.Errorf("%s: x-kind %q isn't a kind, or there is no description", code, entry.field("x-kind").text())
		}
		d, defined := problem.DefinitionOf(domain.Code(code))
		if field := entry.field("x-field").text(); defined && (kind != d.Kind || field != d.Field) {
			t.Errorf("%s: the document has %v on %q, the code %v on %q", code, kind, field, d.Kind, d.Field)
		}
	}
}

// kinds returns the kinds of errors by their names.
func kinds() map[string]domain.Kind {
	kinds := map[string]domain.Kind{}
	for kind := domain.Internal; kind <= domain.Unavailable; kind++ {
		kinds[kind.Error()] = kind
	}
	return kinds
}

// usualStatus returns the status of the answer to an error with the code of entry.
func usualStatus(code string, entry node) int {
	return httpapi.StatusOf(&domain.Error{Kind: kinds()[entry.field("x-kind").text()], Code: domain.Code(code)})
}

// notAnswered are the codes that no operation has: those of requests that reach none,
// and those that only a product's own routes answer with.
var notAnswered = []string{"method_not_allowed"}

func TestEachOperationHasCodesThatFitTheStatus(t *testing.T) {
	codes, used := documentedCodes(), map[string]bool{}
	for _, o := range theContract().operations {
		for status, answer := range o.answers {
			if problem := answer.content["application/problem+json"] != nil; problem != (len(answer.codes) > 0) {
				t.Errorf("%s %s: %d must name its codes if it is a problem", o.method, o.path, status)
			}
			for _, code := range answer.codes {
				used[code] = true
				want := usualStatus(code, codes[code])
				if o.path == "/local/objects/{key}" && code == "conflict" {
					want = http.StatusPreconditionFailed // as Amazon S3 answers
				}
				if status != want {
					t.Errorf("%s %s: %s is %d, not %d", o.method, o.path, code, want, status)
				}
			}
		}
	}
	for _, name := range lacking(used, codes) {
		t.Errorf("an operation has the code %s, which the schema Code lacks", name)
	}
	if unused := lacking(codes, used); !slices.Equal(unused, slices.Sorted(slices.Values(notAnswered))) {
		t.Errorf("no operation has these codes: %v", unused)
	}
}

func TestEachExampleOfTheDocumentIsValid(t *testing.T) {
	examples := 0
	for _, place := range places(node{theContract(), "", theContract().root}) {
		schema := place.own("schema")
		if !schema.exists() {
			continue
		}
		given := place.field("examples").fields()
		if one := place.own("example"); one.exists() {
			given["example"] = one
		}
		for name, example := range given {
			if value := example.own("value"); name != "example" {
				example = value
			}
			examples++
			if err := schema.compile().Validate(example.value); err != nil {
				t.Errorf("%s: the example %s: %v", place.pointer, name, err)
			}
		}
	}
	if examples < 30 {
		t.Errorf("there are %d examples: the test overlooks some", examples)
	}
}

func TestEachOperationIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range theContract().operations {
		op := theContract().at("/paths").own(o.path).own(strings.ToLower(o.method))
		id := op.field("operationId").text()
		if id == "" || seen[id] || op.field("summary").text() == "" || len(op.field("tags").items()) != 1 {
			t.Errorf("%s %s needs an operationId of its own, a summary and one tag", o.method, o.path)
		}
		seen[id] = true
		if _, found := o.answers[http.StatusInternalServerError]; !found {
			t.Errorf("%s %s lacks the status 500, which any operation may answer", o.method, o.path)
		}
		for status, answer := range o.answers {
			node := op.field("responses").field(strconv.Itoa(status))
			if node.field("description").text() == "" {
				t.Errorf("%s %s: %d has no description", o.method, o.path, status)
			}
			for mediaType := range answer.content {
				media := node.field("content").field(mediaType)
				if mediaType == "application/json" && !media.field("example").exists() && !media.field("examples").exists() {
					t.Errorf("%s %s: %d has no example", o.method, o.path, status)
				}
			}
		}
	}
}

func TestEachOperationRefusesWhatIsNoJSONBody(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada := h.signIn(t, "ada@acme.example")
	for _, o := range theContract().operations {
		if o.body == nil || o.body.content["application/json"] == nil {
			continue
		}
		path, by := strings.ReplaceAll(o.path, "{id}", "acme"), ada
		if strings.HasPrefix(path, "/admin/") {
			by = asOperator
		}
		h.send(t, o.method, path, "{}", by, "Content-Type: text/plain").isProblem(t, 415, "unsupported_media_type", "Content-Type")
		h.send(t, o.method, path, strings.Repeat(" ", 1<<20+1), by).isProblem(t, 413, "too_large", "")
		h.send(t, o.method, path, `{"unknown": 1}`, by).isProblem(t, 400, "invalid", "unknown")
	}
}

func TestEachOperationWithABodyNamesThatItBreaksOff(t *testing.T) {
	bodies := 0
	for _, o := range theContract().operations {
		if o.body == nil {
			continue
		}
		bodies++
		if !slices.Contains(o.answers[http.StatusBadRequest].codes, string(problem.CodeBodyIncomplete)) {
			t.Errorf("%s %s: 400 lacks the code %s", o.method, o.path, problem.CodeBodyIncomplete)
		}
	}
	if bodies < 30 {
		t.Errorf("%d operations have a body: the test overlooks some", bodies)
	}
}

// places returns n and every object below it.
func places(n node) []node {
	all := []node{n}
	switch value := n.value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			all = append(all, places(n.own(name))...)
		}
	case []any:
		for i, item := range value {
			all = append(all, places(node{n.contract, n.pointer + "/" + strconv.Itoa(i), item})...)
		}
	}
	return all
}

// TestTheContractFindsFaults shows that the check behind all tests of this package
// fails for what the document lacks.
func TestTheContractFindsFaults(t *testing.T) {
	const tokens = `{"AccessToken": "a", "IdToken": "i", "ExpiresIn": 3600, "TokenType": "Bearer"}`
	const problem = `{"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "no", "code": %q, "message": "no", "requestId": "r"}`
	const json, problemJSON = "Content-Type: application/json", "Content-Type: application/problem+json"
	good := fmt.Sprintf(problem, "invalid_credentials")
	for _, test := range []struct {
		what, method, path, sent string
		status                   int
		received, fault          string
		headers                  []string
	}{
		{"nothing", "POST", "/auth/signin", adaSignsUp, 200, tokens, "", []string{json, "X-Request-ID: r"}},
		{"nothing in a problem", "POST", "/auth/signin", `{}`, 401, good, "", []string{problemJSON, "X-Request-ID: r"}},
		{"nothing at a product's path", "GET", "/invoices", "", 200, "", "", nil},
		{"a status", "POST", "/auth/signin", adaSignsUp, 418, "", "the status 418", nil},
		{"a media type", "POST", "/auth/signin", adaSignsUp, 200, tokens, `the answer is "text/html"`, []string{"Content-Type: text/html", "X-Request-ID: r"}},
		{"a field of an answer", "POST", "/auth/signin", adaSignsUp, 200, strings.Replace(tokens, "{", `{"More": 1, `, 1), "'More' not allowed", []string{json, "X-Request-ID: r"}},
		{"a type of an answer", "POST", "/auth/signin", adaSignsUp, 200, strings.Replace(tokens, "3600", `"3600"`, 1), "want integer", []string{json, "X-Request-ID: r"}},
		{"a code", "POST", "/auth/signin", adaSignsUp, 401, fmt.Sprintf(problem, "user_exists"), "value must be 'invalid_credentials'", []string{problemJSON, "X-Request-ID: r"}},
		{"a header", "POST", "/auth/signin", adaSignsUp, 200, tokens, "the header Set-Cookie", []string{json, "X-Request-ID: r", "Set-Cookie: a=b"}},
		{"a header's form", "POST", "/auth/signin", adaSignsUp, 200, tokens, "X-Request-ID is", []string{json, "X-Request-ID: a b"}},
		{"a missing header", "POST", "/auth/signin", adaSignsUp, 200, tokens, "X-Request-Id is missing", []string{json}},
		{"a field of a request", "POST", "/auth/signin", `{"email": "a@b.example", "password": "p", "more": 1}`, 200, tokens, "'more' not allowed", []string{json, "X-Request-ID: r"}},
		{"a limit of a request", "POST", "/auth/signin", `{"email": "a@b.example", "password": ""}`, 200, tokens, "minLength", []string{json, "X-Request-ID: r"}},
		{"a required parameter", "GET", "/", "", 200, `{"message": "m", "timestamp": "2026-01-31T09:30:00Z", "tenantId": "acme"}`, "X-Tenant-ID is required", []string{json, "X-Request-ID: r"}},
		{"a path's parameter", "POST", "/tenants/A/claim", `{"claimToken": "t"}`, 200, `{"message": "m", "tenantId": "acme", "name": "a", "role": "owner"}`, `id is "A"`, []string{json, "X-Request-ID: r"}},
		{"a method", "DELETE", "/auth/signin", "", 404, good, "no operation that answers 404", []string{problemJSON}},
	} {
		t.Run(test.what, func(t *testing.T) {
			request := httptest.NewRequest(test.method, test.path, nil)
			request.Header.Set("Content-Type", "application/json")
			answer := &http.Response{StatusCode: test.status, Header: http.Header{}}
			for _, header := range test.headers {
				name, value, _ := strings.Cut(header, ": ")
				answer.Header.Set(name, value)
			}
			faults := theContract().check(exchanged{request, []byte(test.sent), answer, []byte(test.received)})
			if got := strings.Join(faults, "\n"); len(faults) > 1 || !strings.Contains(got, test.fault) || (got == "") != (test.fault == "") {
				t.Errorf("it finds %q, not %q", got, test.fault)
			}
		})
	}
}
