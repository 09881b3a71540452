// Package app builds a running installation: it reads the configuration, opens every
// part, and runs them until it is closed. It is the only package that imports every
// adapter, and the one that a product imports to embed Partywall.
//
//	pw, err := app.New(ctx, cfg)
//	if err != nil { ... }
//	defer pw.Close()
//	http.Handle("/", pw.Handler())
package app
