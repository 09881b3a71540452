// Command partywall serves the API of a multi-tenant backend, and sets up and
// maintains its database. Run it with --help.
//
// A product has the same commands under its own name, see package app/cli.
package main

import "github.com/partywall-go/partywall/app/cli"

func main() { cli.Main(cli.Program{}) }
