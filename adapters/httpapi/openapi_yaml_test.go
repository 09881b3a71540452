package httpapi_test

import (
	"bytes"
	"encoding/json"
	"os"

	"go.yaml.in/yaml/v3"
)

// documentJSON returns openapi.yaml as JSON, its fields in the order in which they
// stand there.
func documentJSON() []byte {
	var document yaml.Node
	if err := yaml.Unmarshal(must(os.ReadFile("openapi.yaml")), &document); err != nil {
		panic(err)
	}
	var out bytes.Buffer
	writeJSON(&out, document.Content[0])
	var indented bytes.Buffer
	if err := json.Indent(&indented, out.Bytes(), "", " "); err != nil {
		panic(err)
	}
	indented.WriteByte('\n')
	return indented.Bytes()
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
