package cli

import (
	"net"
	"time"

	"github.com/partywall-go/partywall/app"
)

// banner prints what runs where and, if the installation is a trial, what to try.
func banner(c console, cfg app.Config, pw *app.Partywall, address net.Addr, took time.Duration) {
	all := ""
	if isUnspecified(address) {
		all = "and all other addresses of this machine; "
	}
	c.printf("\n%s listens on %s (%sup after %.1f s)\n\n", c.program.title(), localURL(address), all, took.Seconds())
	for _, part := range pw.Parts {
		c.printf("  %-11s %s\n", part.Name, part.Where)
	}
	c.printf("\n  health      curl %s/readyz\n", cfg.PublicURL)
	if !cfg.HideDocs {
		c.printf("  API         %s/docs\n", cfg.PublicURL)
	}
	c.printf("\n")
	for _, scene := range story(c.program.Name, cfg, isSet("OPERATOR_TOKEN")) {
		c.printf("%s\n\n%s\n", scene.when, indent(scene.lines))
	}
}

// localURL returns the URL of a listener for this machine. The listener may listen on all addresses.
func localURL(address net.Addr) string {
	host, port, _ := net.SplitHostPort(address.String())
	if isUnspecified(address) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func isUnspecified(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsUnspecified()
}
