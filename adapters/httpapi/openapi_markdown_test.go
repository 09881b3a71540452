package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// reference returns docs/api.md, made of openapi.yaml.
func reference() []byte {
	var out bytes.Buffer
	root := node{theContract(), "", theContract().root}
	fmt.Fprintf(&out, "<!-- Made of adapters/httpapi/openapi.yaml by \"go generate ./adapters/httpapi\": change that file. -->\n\n")
	fmt.Fprintf(&out, "# The API\n\n%s\n\n", root.field("info").field("summary").text())
	fmt.Fprintf(&out, "A server that runs has the same as a page to read and try, `GET /docs`, and as OpenAPI 3.1, `GET /openapi.json`.\n\n")
	writeRoutes(&out, root)
	fmt.Fprintf(&out, "\n%s", root.field("info").field("description").text())
	for _, tag := range root.field("tags").items() {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n", tag.field("name").text(), tag.field("description").text())
		for _, o := range operationsOf(root, tag.field("name").text()) {
			o.write(&out)
		}
	}
	writeCodes(&out, root)
	return out.Bytes()
}

// documented is an operation to be written.
type documented struct {
	method, path string
	item, op     node
}

// operationsOf returns the operations of a tag in their order, and all of them for "".
func operationsOf(root node, tag string) (operations []documented) {
	for path, item := range root.field("paths").ordered() {
		for method, op := range item.ordered() {
			if op.field("operationId").exists() && (tag == "" || op.field("tags").items()[0].text() == tag) {
				operations = append(operations, documented{strings.ToUpper(method), path, item, op})
			}
		}
	}
	return operations
}

// ordered returns the fields in the order of openapi.yaml.
func (n node) ordered() func(yield func(string, node) bool) {
	return func(yield func(string, node) bool) {
		for _, name := range fieldOrder()[n.pointer] {
			if !yield(name, n.field(name)) {
				return
			}
		}
	}
}

func writeRoutes(out *bytes.Buffer, root node) {
	fmt.Fprint(out, "| route | token | does |\n|---|---|---|\n")
	for _, tag := range root.field("tags").items() {
		for _, o := range operationsOf(root, tag.field("name").text()) {
			fmt.Fprintf(out, "| [`%s %s`](#%s) | %s | %s |\n", o.method, o.path, anchor(o.method+" "+o.path), o.token(), o.op.field("summary").text())
		}
	}
}

// anchor returns the name that a renderer of Markdown gives to a heading of code.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case strings.ContainsRune("/{}.`", r):
			return -1
		}
		return r
	}, strings.ToLower(heading))
}

// token says in a few words which token the operation reads.
func (o documented) token() string {
	names := map[string]string{"accessToken": "access token", "operatorToken": "operator's"}
	var tokens []string
	optional := false
	for _, scheme := range o.op.field("security").items() {
		schemes := slices.Collect(maps.Keys(scheme.fields()))
		if len(schemes) == 0 {
			optional = true
			continue
		}
		tokens = append(tokens, names[schemes[0]])
	}
	switch {
	case len(tokens) == 0:
		return "none"
	case optional:
		return "none, or " + strings.Join(tokens, " or ")
	}
	return strings.Join(tokens, " or ")
}

func (o documented) write(out *bytes.Buffer) {
	fmt.Fprintf(out, "\n### `%s %s`\n\n%s.\n", o.method, o.path, o.op.field("summary").text())
	if description := o.op.field("description").text(); description != "" {
		fmt.Fprintf(out, "\n%s\n", strings.TrimSpace(description))
	}
	o.writeParameters(out)
	for mediaType, media := range o.op.field("requestBody").field("content").ordered() {
		if !media.field("schema").exists() {
			continue // any bytes
		}
		fmt.Fprintf(out, "\nBody%s%s:\n", named[mediaType], mayBeLeftOut(o.op.field("requestBody")))
		if rows := fieldTable(media.field("schema")); rows != "" {
			fmt.Fprintf(out, "\n%s", rows)
		}
		writeExamples(out, media)
	}
	fmt.Fprint(out, "\n| status | means | codes |\n|---|---|---|\n")
	for status, answer := range o.op.field("responses").ordered() {
		codes := answerOf(answer).codes
		if len(codes) > 0 {
			codes = strings.Split("`"+strings.Join(codes, "`,`")+"`", ",")
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", status, cell(answer.field("description").text()), strings.Join(codes, ", "))
	}
	for status, answer := range o.op.field("responses").ordered() {
		writeAnswer(out, status, answer.field("content").field("application/json"))
	}
}

// named says what a body is, if it is not JSON.
var named = map[string]string{mediaTypeForm: ", a form"}

// mayBeLeftOut says so of a body that is optional.
func mayBeLeftOut(body node) string {
	if required, _ := body.field("required").value.(bool); required {
		return ""
	}
	return ", which may be left out"
}

func (o documented) writeParameters(out *bytes.Buffer) {
	rows := ""
	for _, p := range append(o.item.field("parameters").items(), o.op.field("parameters").items()...) {
		if name := p.field("name").text(); name != "X-Request-ID" { // which every operation takes
			rows += fmt.Sprintf("| `%s`%s | %s | %s | %s |\n", name, required(p.field("required").value == true), p.field("in").text(), limitsOf(p.field("schema")), cell(p.field("description").text()))
		}
	}
	if rows != "" {
		fmt.Fprintf(out, "\n| parameter | in | takes | |\n|---|---|---|---|\n%s", rows)
	}
}

// writeAnswer writes the fields of an answer that is JSON, and its examples.
func writeAnswer(out *bytes.Buffer, status string, media node) {
	schemas := []node{media.field("schema")}
	if either := schemas[0].field("oneOf"); either.exists() {
		schemas = either.items()
	}
	var tables []string
	for _, schema := range schemas {
		if rows := fieldTable(schema); rows != "" {
			tables = append(tables, rows)
		}
	}
	if len(tables) > 0 {
		fmt.Fprintf(out, "\nThe answer %s:\n\n%s", status, strings.Join(tables, "\nor\n\n"))
		writeExamples(out, media)
	}
}

func writeExamples(out *bytes.Buffer, media node) {
	examples := []node{media.own("example")}
	for _, example := range media.field("examples").ordered() {
		examples = append(examples, example.own("value"))
	}
	for _, example := range examples {
		if example.exists() {
			fmt.Fprintf(out, "\n```json\n%s\n```\n", example.inOrder())
		}
	}
}

// inOrder returns the value as JSON on one line, its fields in the order of openapi.yaml.
func (n node) inOrder() string {
	var parts []string
	switch value := n.value.(type) {
	case map[string]any:
		for _, name := range fieldOrder()[n.pointer] {
			parts = append(parts, string(text(name))+": "+n.own(name).inOrder())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for i, item := range value {
			parts = append(parts, node{n.contract, n.pointer + "/" + strconv.Itoa(i), item}.inOrder())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return string(text(value))
	}
	return string(must(json.Marshal(n.value)))
}

// fieldTable returns a table of the fields of an object.
func fieldTable(schema node) string {
	rows := fieldRows(schema, "")
	if rows == "" {
		return ""
	}
	return "| field | takes | |\n|---|---|---|\n" + rows
}

// fieldRows returns a row for each field, and for those inside it, as tenants[].name.
func fieldRows(schema node, path string) (rows string) {
	if schema.field("type").text() == "array" {
		return fieldRows(schema.field("items"), path+"[]")
	}
	var needed []string
	for _, name := range schema.field("required").items() {
		needed = append(needed, name.text())
	}
	dot := strings.TrimPrefix(path+".", ".")
	for name := range schema.field("properties").ordered() {
		field := schema.field("properties").field(name)
		description := field.field("description").text()
		if own := schema.field("properties").own(name).own("description"); own.exists() {
			description = own.text() // beside a reference
		}
		rows += fmt.Sprintf("| `%s`%s | %s | %s |\n", dot+name, required(slices.Contains(needed, name)), limitsOf(field), cell(description))
		rows += fieldRows(field, dot+name)
	}
	if rest := schema.field("additionalProperties"); rest.field("type").exists() {
		rows += fieldRows(rest, dot+"*")
	}
	return rows
}

func required(is bool) string {
	if is {
		return " (required)"
	}
	return ""
}

// limitsOf says in a few words what a schema takes.
func limitsOf(schema node) string {
	if values := schema.field("enum").items(); len(values) > 0 {
		var names []string
		for _, value := range values {
			names = append(names, "`"+value.text()+"`")
		}
		return strings.Join(names, ", ")
	}
	if only := schema.own("const"); only.exists() {
		return fmt.Sprintf("`%v`", only.value)
	}
	parts := []string{typeOf(schema.field("type"))}
	if format := schema.field("format").text(); format == "date-time" || format == "uri" {
		parts[0] = strings.Replace(parts[0], "string", map[string]string{"date-time": "time", "uri": "URL"}[format], 1)
	}
	if length := between(schema.own("minLength"), schema.own("maxLength")); length != "" {
		parts = append(parts, length+" characters")
	}
	if size := between(schema.own("minimum"), schema.own("maximum")); size != "" {
		parts = append(parts, size)
	}
	if pattern := schema.field("pattern").text(); pattern != "" {
		parts = append(parts, "`"+strings.ReplaceAll(pattern, "|", `\|`)+"`")
	}
	return strings.Join(parts, ", ")
}

// typeOf returns the name of a type, and those of a list of types.
func typeOf(types node) string {
	var names []string
	for _, name := range types.items() {
		names = append(names, name.text())
	}
	if len(names) == 0 {
		return types.text()
	}
	return strings.Join(names, " or ")
}

func between(least, most node) string {
	switch {
	case least.exists() && most.exists():
		return fmt.Sprintf("%v to %v", least.value, most.value)
	case least.exists():
		return fmt.Sprintf("at least %v", least.value)
	case most.exists():
		return fmt.Sprintf("at most %v", most.value)
	}
	return ""
}

// cell returns text on one line.
func cell(text string) string { return strings.Join(strings.Fields(text), " ") }

func writeCodes(out *bytes.Buffer, root node) {
	schema := root.field("components").field("schemas").field("Code")
	fmt.Fprintf(out, "\n## Codes\n\nEvery code that a problem document can have. The kind is that of the Go library (`domain.Kind`); the field is named where it is always the same.\n\n")
	fmt.Fprint(out, "| code | status | kind | field | means |\n|---|---|---|---|---|\n")
	statuses := statusesOfCodes()
	for _, code := range schema.field("oneOf").items() {
		name, field := code.field("const").text(), code.field("x-field").text()
		if field != "" {
			field = "`" + field + "`"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s |\n", name, strings.Join(statuses[name], ", "), code.field("x-kind").text(), field, cell(code.field("description").text()))
	}
}

// statusesOfCodes returns the statuses that come with each code. Those of a code that no
// operation has are the kind's.
func statusesOfCodes() map[string][]string {
	statuses := map[string][]string{}
	for _, o := range theContract().operations {
		for status, answer := range o.answers {
			for _, code := range answer.codes {
				if text := strconv.Itoa(status); !slices.Contains(statuses[code], text) {
					statuses[code] = append(statuses[code], text)
				}
			}
		}
	}
	for code, entry := range documentedCodes() {
		if len(statuses[code]) == 0 {
			statuses[code] = []string{strconv.Itoa(usualStatus(code, entry))}
		}
		slices.Sort(statuses[code])
	}
	return statuses
}
