package httpapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"sync"

	"go.yaml.in/yaml/v3"
)

// documentJSON returns openapi.yaml as JSON, its fields in the order in which they
// stand there.
func documentJSON() []byte {
	var out, indented bytes.Buffer
	writeJSON(&out, documentYAML())
	if err := json.Indent(&indented, out.Bytes(), "", " "); err != nil {
		panic(err)
	}
	indented.WriteByte('\n')
	return indented.Bytes()
}

func documentYAML() *yaml.Node {
	var document yaml.Node
	if err := yaml.Unmarshal(must(os.ReadFile("openapi.yaml")), &document); err != nil {
		panic(err)
	}
	return document.Content[0]
}

// fieldOrder returns the names of the fields of each object of the document, by JSON
// pointer, in the order in which they stand in openapi.yaml.
var fieldOrder = sync.OnceValue(func() map[string][]string {
	order := map[string][]string{}
	noteOrder(order, "", documentYAML())
	return order
})

func noteOrder(order map[string][]string, pointer string, n *yaml.Node) {
	switch n.Kind {
	case yaml.AliasNode:
		noteOrder(order, pointer, n.Alias)
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			name := n.Content[i].Value
			order[pointer] = append(order[pointer], name)
			noteOrder(order, pointer+"/"+escapedToken(name), n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			noteOrder(order, pointer+"/"+strconv.Itoa(i), item)
		}
	}
}

func writeJSON(out *bytes.Buffer, n *yaml.Node) {
	switch n.Kind {
	case yaml.AliasNode:
		writeJSON(out, n.Alias)
	case yaml.MappingNode:
		out.WriteByte('{')
		for i := 0; i < len(n.Content); i += 2 {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(text(n.Content[i].Value))
			out.WriteByte(':')
			writeJSON(out, n.Content[i+1])
		}
		out.WriteByte('}')
	case yaml.SequenceNode:
		out.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				out.WriteByte(',')
			}
			writeJSON(out, item)
		}
		out.WriteByte(']')
	default:
		out.Write(scalar(n))
	}
}

func scalar(n *yaml.Node) []byte {
	if n.Tag == "!!str" {
		return text(n.Value)
	}
	var value any
	if err := n.Decode(&value); err != nil {
		panic(err)
	}
	return must(json.Marshal(value))
}

// text returns a JSON string that reads as the YAML does, < and > included.
func text(s string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(out.Bytes())
}
