package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/partywall-go/partywall/domain"
)

// contract is openapi.yaml, compiled. The schemas of OpenAPI 3.1 are JSON Schemas, so
// a validator of these checks bodies, parameters and headers; the rest is here.
type contract struct {
	root       any // the document as JSON
	compiler   *jsonschema.Compiler
	operations []*operation
	problem    *jsonschema.Schema
}

// operation is one method on one path.
type operation struct {
	method, path string
	pattern      *regexp.Regexp
	parameters   []parameter
	body         *payload // nil: it takes none
	answers      map[int]documentedAnswer
}

type parameter struct {
	name, in string
	required bool
	schema   *jsonschema.Schema
}

type payload struct {
	content  map[string]*jsonschema.Schema // by media type; a nil schema takes anything
	required bool
}

type documentedAnswer struct {
	payload
	headers map[string]parameter // by their canonical names
	codes   []string             // of the problems that it may be
}

// everyAnswer lists the headers that any answer may have: those of HTTP itself, and
// those that the document describes once for all answers.
var everyAnswer = []string{
	"Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Vary", "Transfer-Encoding",
	"Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
	"Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
}

// theContract returns openapi.yaml, compiled once.
var theContract = sync.OnceValue(func() *contract { return compile(documentJSON()) })

const documentURL = "https://partywall.test/openapi.json"

// compile reads an OpenAPI document. A document that it can't read is a mistake of
// the tests, so it panics.
func compile(document []byte) *contract {
	c := &contract{compiler: jsonschema.NewCompiler()}
	c.root = must(jsonschema.UnmarshalJSON(bytes.NewReader(document)))
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(documentURL, closed(must(jsonschema.UnmarshalJSON(bytes.NewReader(document))))); err != nil {
		panic(err)
	}
	c.problem = c.compiler.MustCompile(documentURL + "#/components/schemas/Problem")
	for path, item := range c.at("/paths").fields() {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if op := item.field(strings.ToLower(method)); op.exists() {
				c.operations = append(c.operations, c.operation(method, path, item, op))
			}
		}
	}
	return c
}

// closed returns the document with every object of an answer closed, so that a field
// that the document lacks is found. The document itself leaves them open: clients
// must bear new fields.
func closed(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = closed(v[name])
		}
		if _, given := v["additionalProperties"]; v["type"] == "object" && v["properties"] != nil && !given {
			v["additionalProperties"] = false
		}
	case []any:
		for i := range v {
			v[i] = closed(v[i])
		}
	}
	return value
}

func (c *contract) operation(method, path string, item, op node) *operation {
	o := &operation{method: method, path: path, pattern: pathPattern(path), answers: map[int]documentedAnswer{}}
	for _, p := range append(item.field("parameters").items(), op.field("parameters").items()...) {
		o.parameters = append(o.parameters, parameter{p.field("name").text(), p.field("in").text(), p.field("required").value == true, p.field("schema").compile()})
	}
	if b := op.field("requestBody"); b.exists() {
		o.body = &payload{contentOf(b), b.field("required").value == true}
	}
	for status, answer := range op.field("responses").fields() {
		o.answers[must(strconv.Atoi(status))] = answerOf(answer)
	}
	return o
}

// pathPattern returns what matches the paths that a template stands for, with a group
// for each parameter. The parameter named key takes all that is below.
func pathPattern(template string) *regexp.Regexp {
	pattern := regexp.MustCompile(`\{(\w+)\}`).ReplaceAllString(template, "(?P<$1>[^/]+)")
	return regexp.MustCompile("^" + strings.Replace(pattern, "(?P<key>[^/]+)", "(?P<key>.+)", 1) + "$")
}

func answerOf(n node) documentedAnswer {
	a := documentedAnswer{payload{content: contentOf(n)}, map[string]parameter{}, nil}
	for name, header := range n.field("headers").fields() {
		a.headers[http.CanonicalHeaderKey(name)] = parameter{name, "header", header.field("required").value == true, header.field("schema").compile()}
	}
	for _, code := range n.field("content").field("application/problem+json").own("schema").own("properties").field("code").field("enum").items() {
		a.codes = append(a.codes, code.text())
	}
	return a
}

func contentOf(n node) map[string]*jsonschema.Schema {
	content := map[string]*jsonschema.Schema{}
	for mediaType, media := range n.field("content").fields() {
		content[mediaType] = nil
		if schema := media.field("schema"); schema.exists() {
			content[mediaType] = media.own("schema").compile()
		}
	}
	return content
}

// find returns the operation of a request, and whether the document has its path.
func (c *contract) find(method, path string) (op *operation, known bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, o := range c.operations {
		if !o.pattern.MatchString(path) {
			continue
		}
		known = true
		if o.method == method {
			return o, true
		}
	}
	return nil, known
}

// exchanged is a request and its answer, as they went over the wire.
type exchanged struct {
	request  *http.Request
	sent     []byte // the request's body, if it is JSON or a form
	answer   *http.Response
	received []byte // the answer's body, if it is JSON
}

// check returns what of an exchange the document lacks or forbids. A request that was
// refused needn't be one that the document allows.
func (c *contract) check(x exchanged) (faults []string) {
	if x.request.Method == http.MethodOptions {
		return nil
	}
	op, known := c.find(x.request.Method, x.request.URL.EscapedPath())
	if op == nil {
		return c.checkUnrouted(x, known)
	}
	if x.answer.StatusCode < http.StatusBadRequest {
		faults = op.checkRequest(x)
	}
	return append(faults, op.checkAnswer(x)...)
}

// checkUnrouted checks the answer to a request that the document has no operation for.
// One that isn't a problem is a product's own.
func (c *contract) checkUnrouted(x exchanged, known bool) []string {
	if mediaTypeOf(x.answer.Header) != "application/problem+json" || x.request.Method == http.MethodHead {
		return nil
	}
	faults := validate("the problem", c.problem, x.received)
	if known && x.answer.StatusCode != http.StatusMethodNotAllowed {
		faults = append(faults, fmt.Sprintf("the document has no operation that answers %d", x.answer.StatusCode))
	}
	return faults
}

func (o *operation) checkRequest(x exchanged) (faults []string) {
	for _, p := range o.parameters {
		values := o.values(p, x.request)
		for _, value := range values {
			faults = append(faults, p.check(value)...)
		}
		if p.required && len(values) == 0 {
			faults = append(faults, p.name+" is required")
		}
	}
	if o.body != nil && (o.body.required || len(x.sent) > 0) {
		faults = append(faults, o.body.check("the request's body", x.request.Header, x.sent)...)
	}
	return faults
}

// values returns what r has for a parameter.
func (o *operation) values(p parameter, r *http.Request) []string {
	switch p.in {
	case "header":
		return r.Header.Values(p.name)
	case "query":
		return r.URL.Query()[p.name]
	default:
		segment := o.pattern.FindStringSubmatch(r.URL.EscapedPath())[o.pattern.SubexpIndex(p.name)]
		return []string{must(url.PathUnescape(segment))}
	}
}

// check holds the text of a parameter to its schema, whose type may be a number.
func (p parameter) check(value string) []string {
	err := p.schema.Validate(value)
	if number, notNumber := strconv.ParseFloat(value, 64); err != nil && notNumber == nil {
		err = p.schema.Validate(number)
	}
	if err != nil {
		return []string{fmt.Sprintf("%s is %q: %v", p.name, value, err)}
	}
	return nil
}

func (o *operation) checkAnswer(x exchanged) (faults []string) {
	documented, found := o.answers[x.answer.StatusCode]
	if !found {
		return []string{fmt.Sprintf("the document does not have the status %d: %s", x.answer.StatusCode, x.received)}
	}
	for name, values := range x.answer.Header {
		header, found := documented.headers[name]
		if !found {
			if !slices.Contains(everyAnswer, name) {
				faults = append(faults, "the document does not have the header "+name)
			}
			continue
		}
		for _, value := range values {
			faults = append(faults, header.check(value)...)
		}
	}
	for name, header := range documented.headers {
		if header.required && x.answer.Header.Get(name) == "" {
			faults = append(faults, "the header "+name+" is missing")
		}
	}
	if x.request.Method == http.MethodHead || len(documented.content) == 0 {
		return faults
	}
	return append(faults, documented.check("the answer", x.answer.Header, x.received)...)
}

// check holds content of the type that header names to its schema.
func (p payload) check(what string, header http.Header, content []byte) []string {
	mediaType := mediaTypeOf(header)
	schema, found := p.content[mediaType]
	if !found {
		if _, takesAll := p.content["*/*"]; takesAll {
			return nil
		}
		return []string{fmt.Sprintf("%s is %q, which the document does not have", what, mediaType)}
	}
	if mediaType == mediaTypeForm {
		content = formAsJSON(content)
	}
	return validate(what, schema, content)
}

const mediaTypeForm = "application/x-www-form-urlencoded"

// formAsJSON returns the form as the object that the document describes.
func formAsJSON(form []byte) []byte {
	fields, _ := url.ParseQuery(string(form))
	object := map[string]string{}
	for name := range fields {
		object[name] = fields.Get(name)
	}
	return domain.Must(json.Marshal(object))
}

func validate(what string, schema *jsonschema.Schema, content []byte) []string {
	if schema == nil {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		return []string{fmt.Sprintf("%s %s: %v", what, content, err)}
	}
	return nil
}

func mediaTypeOf(header http.Header) string {
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return mediaType
}

// node is a place in the document.
type node struct {
	contract *contract
	pointer  string
	value    any
}

// at returns the node at a JSON pointer (RFC 6901).
func (c *contract) at(pointer string) node {
	n := node{c, "", c.root}
	for _, token := range strings.Split(pointer, "/")[1:] {
		n = n.own(strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
	}
	return n
}

// own returns the field of that name, without following a reference.
func (n node) own(name string) node {
	fields, _ := n.value.(map[string]any)
	return node{n.contract, n.pointer + "/" + escapedToken(name), fields[name]}
}

// escapedToken returns name as a part of a JSON pointer.
func escapedToken(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// field returns the field of that name, and what it refers to if it is a reference.
func (n node) field(name string) node { return n.own(name).followed() }

func (n node) followed() node {
	if ref, is := n.own("$ref").value.(string); is {
		return n.contract.at(strings.TrimPrefix(ref, "#"))
	}
	return n
}

func (n node) exists() bool { return n.value != nil }

func (n node) text() string { text, _ := n.value.(string); return text }

func (n node) fields() map[string]node {
	fields, _ := n.value.(map[string]any)
	nodes := make(map[string]node, len(fields))
	for name := range fields {
		nodes[name] = n.field(name)
	}
	return nodes
}

func (n node) items() []node {
	list, _ := n.value.([]any)
	nodes := make([]node, len(list))
	for i, value := range list {
		nodes[i] = node{n.contract, n.pointer + "/" + strconv.Itoa(i), value}.followed()
	}
	return nodes
}

func (n node) compile() *jsonschema.Schema {
	return n.contract.compiler.MustCompile(documentURL + "#" + n.pointer)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
