package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

// refuseMistypes refuses the likely results of a mistyped variable: a real part
// replaced by a built-in one, and a built-in part that other machines can reach.
func refuseMistypes(ctx context.Context, cfg app.Config, mixed, expose bool) error {
	builtIn := cfg.BuiltIn()
	if n := len(builtIn); n > 0 && n < 3 && !mixed {
		return fmt.Errorf("%s would be built in, next to real parts; configure %s (%s), or start with --mixed if that is meant",
			enumerate(builtIn, "and"), pronoun(n), enumerate(variablesOf(builtIn), "and"))
	}
	host := cfg.ListenHost()
	loopback, err := isLoopback(ctx, host)
	if err != nil {
		return fmt.Errorf("HOST: %q is not an address of this machine, nor a name of one: %w", host, err)
	}
	if len(builtIn) > 0 && !expose && !loopback {
		return fmt.Errorf("HOST=%s lets other machines reach what is built in: %s; leave HOST unset, configure real parts, or start with --expose if that is meant",
			host, enumerate(builtIn, "and"))
	}
	return nil
}

func pronoun(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func variablesOf(parts []string) []string {
	of := map[string]string{"database": "DB_HOST", "identities": "COGNITO_USER_POOL_ID", "files": "S3_BUCKET_NAME"}
	var variables []string
	for _, part := range parts {
		variables = append(variables, of[part])
	}
	return variables
}

// isLoopback reports whether only this machine can reach host. It resolves a name.
func isLoopback(ctx context.Context, host string) (bool, error) {
	if _, err := netip.ParseAddr(host); host == "" || err == nil || domain.IsLoopback(host) {
		return domain.IsLoopback(host), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !a.Unmap().IsLoopback() }), nil
}

// isSet reports whether a variable of the program has a value.
func isSet(name string) bool {
	variables, err := app.Variables()
	return err == nil && slices.ContainsFunc(variables, func(v app.Variable) bool { return v.Name == name && v.Value != "" })
}
