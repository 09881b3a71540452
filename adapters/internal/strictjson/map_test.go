package strictjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

func TestAMapHasAFewNames(t *testing.T) {
	object := func(names int) []byte {
		var members []string
		for i := range names {
			members = append(members, fmt.Sprintf(`"n%d":""`, i))
		}
		return []byte(`{"responses":{` + strings.Join(members, ",") + `}}`)
	}
	var into struct {
		Responses map[string]string `json:"responses"`
	}
	if err := strictjson.Decode(object(64), &into, 4); err != nil || len(into.Responses) != 64 {
		t.Errorf("64 names: %d, %v", len(into.Responses), err)
	}
	if err := strictjson.Decode(object(65), &into, 4); err == nil || !strings.Contains(err.Error(), "responses") {
		t.Errorf("65 names: %v", err)
	}
}
