package cli

import (
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	t.Run("with nothing configured there is nothing to fix", func(t *testing.T) {
		got := runCommand(t, nil, "doctor")
		if got.code != 0 || got.err != "" || !strings.Contains(got.out, "ok       configuration") || !strings.HasSuffix(got.out, " 0 errors, 0 warnings\n") {
			t.Errorf("%+v", got)
		}
		if quiet := runCommand(t, nil, "doctor", "--quiet"); quiet.code != 0 || strings.Count(quiet.out, "\n") != 1 {
			t.Errorf("%+v", quiet)
		}
	})
	t.Run("mistakes in the environment are reported, each in a line, without secrets", func(t *testing.T) {
		got := runCommand(t, map[string]string{"OPERATOR_TOKEN": "short-token", "PORT": "x"}, "doctor", "--quiet")
		if got.code != 1 || got.err != "partywall: 2 errors to fix\n" || !strings.Contains(got.out, "OPERATOR_TOKEN: ") || !strings.Contains(got.out, "openssl rand -hex 32") || !strings.Contains(got.out, "PORT: ") || strings.Contains(got.out, "short-token") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("an unreachable database is an error, and its consequences are not", func(t *testing.T) {
		got := runCommand(t, map[string]string{"DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_USER": "pw", "DB_PASSWORD": "hunter2"}, "doctor", "--quiet")
		if got.code != 1 || strings.Count(got.out, "error ") != 1 || !strings.Contains(got.out, "error    database ") || strings.Contains(got.out, "hunter2") {
			t.Errorf("%+v", got)
		}
	})
}
