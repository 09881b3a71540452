package app_test

import (
	"io"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
)

func TestAnOriginThatNoBrowserSends(t *testing.T) {
	for origin, right := range map[string]string{"https://App.example.com/": "https://app.example.com", "https://münchen.example": "https://xn--mnchen-3ya.example", "null": "null"} {
		t.Run(origin+" stops the start", func(t *testing.T) {
			t.Setenv("CORS_ALLOW_ORIGINS", origin)
			if _, err := app.ConfigFromEnv(io.Discard); err == nil || !strings.Contains(err.Error(), right) || !strings.Contains(err.Error(), "CORS_ALLOW_ORIGINS") {
				t.Errorf("the environment: %v", err)
			}
			pw, err := app.New(t.Context(), app.Config{Memory: true, AllowOrigins: []string{origin}})
			if err == nil || !strings.Contains(err.Error(), right) {
				t.Errorf("New: %v", err)
			}
			if pw != nil {
				pw.Close()
			}
		})
	}
	t.Run("an app's is allowed", func(t *testing.T) {
		t.Setenv("CORS_ALLOW_ORIGINS", "capacitor://localhost, https://app.example.com")
		cfg, err := app.ConfigFromEnv(io.Discard)
		if err != nil || len(cfg.AllowOrigins) != 2 {
			t.Errorf("got %v, %v", cfg.AllowOrigins, err)
		}
	})
}
