module example.com/goose

go 1.26.0

require (
	github.com/lib/pq v1.12.3
	github.com/partywall-go/partywall v0.0.0
	github.com/pressly/goose/v3 v3.30.1
)

require (
	github.com/gofrs/flock v0.13.2 // indirect
	github.com/jmoiron/sqlx v1.4.0 // indirect
	github.com/mfridman/interpolate v0.2.0 // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.44.0 // indirect
)

replace github.com/partywall-go/partywall => ../..
