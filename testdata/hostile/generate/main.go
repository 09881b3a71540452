// Command generate writes the hostile tokens and requests that are stored beside it,
// each with the answer that it must get:
//
//	go run ./testdata/hostile/generate testdata/hostile
//
// requests.json is the same each time. The tokens are signed by new keys,
// so that no private key is stored.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: generate FOLDER")
	}
	for name, content := range map[string]any{"tokens.json": hostileTokens(), "requests.json": hostileRequests()} {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), encoded(content), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

func encoded(v any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		log.Fatal(err)
	}
	return text.Bytes()
}
