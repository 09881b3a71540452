package domain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestOnlyRevealReturnsTheSecret(t *testing.T) {
	secret := domain.NewSecret("hunter2")
	holder := struct{ Password domain.Secret }{secret}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("sign in", "password", secret, "holder", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{fmt.Sprint(secret), fmt.Sprintf("%+v", holder), fmt.Sprintf("%#v", holder), fmt.Sprintf("%d", []domain.Secret{secret}), logged.String(), string(encoded)}
	for _, verb := range "bcdeEfgGoOqstUvxX" {
		shown = append(shown, fmt.Sprintf("%"+string(verb), secret))
	}
	for _, s := range shown {
		if strings.Contains(s, "hunter2") || !strings.Contains(s, "[secret]") {
			t.Errorf("shown as %s", s)
		}
	}
	if secret.Reveal() != "hunter2" || domain.NewSecret("").String() != "" {
		t.Error("Reveal or the empty secret returns another text")
	}
}
