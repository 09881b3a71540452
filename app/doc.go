// Package app puts Partywall together: it reads the configuration, opens every
// part, and runs them until it is closed. It is the one place that knows every
// adapter, and what a product imports that embeds Partywall.
//
//	pw, err := app.New(ctx, cfg)
//	if err != nil { ... }
//	defer pw.Close()
//	http.Handle("/", pw.Handler())
package app
