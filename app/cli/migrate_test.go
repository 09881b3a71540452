package cli

import (
	"strings"
	"testing"
)

func TestTheCommandsNameTheTenantsThatAreBehind(t *testing.T) {
	env := product(onServer(t, map[string]string{"AWS_REGION": "eu-central-1", "COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client"}))
	for _, args := range []string{"setup", "tenants create acme --owner ada", "tenants create bolt --owner bob"} {
		if got := runCommand(t, env, strings.Fields(args)...); got.code != exitOK {
			t.Fatalf("%s: %+v", args, got)
		}
	}
	if got := runCommand(t, env, "migrate", "status"); got.code != exitOK || got.err != "" || !strings.Contains(got.out, "2 tenants, 0 behind") {
		t.Errorf("%+v", got)
	}

	env[releaseTwo] = "yes"
	got := runCommand(t, env, "setup", "--patience", "1s")
	if got.code != exitFailure || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, "2 of 2 tenants are behind") ||
		!strings.Contains(got.err, "acme (migration product/0002_limit.sql failed") || !strings.Contains(got.err, "`invoices setup`") {
		t.Errorf("%+v", got)
	}
	if line := lineWith(got.out, "2 failed: "); !strings.Contains(line, "product/0002_limit.sql") || !strings.HasSuffix(line, ": acme, bolt\n") {
		t.Errorf("setup reports %q", line)
	}
	got = runCommand(t, env, "migrate", "status")
	if got.code != exitFailure || !strings.Contains(got.out, "2 tenants, 2 behind") || !strings.Contains(lineWith(got.out, "acme"), "product/0002_limit.sql") ||
		!strings.Contains(got.err, "2 tenants behind") || !strings.Contains(got.err, "invoices setup") {
		t.Errorf("%+v", got)
	}
	if line := lineWith(runCommand(t, env, "doctor").out, "tenant-versions"); !strings.HasPrefix(line, "error ") || !strings.Contains(line, "acme") {
		t.Errorf("doctor reports %q", line)
	}
}

func TestPatienceIsATime(t *testing.T) {
	for _, patience := range []string{"0", "-1s", "soon", ""} {
		if got := runCommand(t, nil, "setup", "--patience="+patience); got.code != exitMisuse || !strings.Contains(got.err, "patience") {
			t.Errorf("%q: %+v", patience, got)
		}
	}
}
