package app_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
)

func TestTheJSONOfTheDocsIsJSON(t *testing.T) {
	page, err := os.ReadFile("../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) < 3 {
		t.Errorf("there are only %d", len(blocks))
	}
	for _, block := range blocks {
		if !json.Valid(block[1]) {
			t.Errorf("this isn't JSON: %s", block[1])
		}
	}
}
