package s3

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestTheDocumentedCORSRulesDo compares the cors.json of the documentation with what the
// check requires of a bucket.
func TestTheDocumentedCORSRulesDo(t *testing.T) {
	page, err := os.ReadFile("../../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```json\n(\\{\"CORSRules\".*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("the docs have no cors.json")
	}
	var rules struct{ CORSRules []types.CORSRule }
	if err := json.Unmarshal(block[1], &rules); err != nil {
		t.Fatal(err)
	}
	const origin = "https://app.example.com"
	if lacks := lacking(rules.CORSRules, origin); lacks != "" {
		t.Errorf("a page may not %s", lacks)
	}
	if hidden := hides(rules.CORSRules, origin); len(hidden) > 0 {
		t.Errorf("a page may not read %v", hidden)
	}
}
