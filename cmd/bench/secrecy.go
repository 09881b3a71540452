package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// secrecy measures whether the time of an answer reveals what its bytes do not:
// whether an account or a tenant exists.
func (b *bench) secrecy(ctx context.Context) ([]line, error) {
	db, err := postgres.Open(ctx, b.config)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	pw, err := app.New(ctx, app.Config{Memory: true})
	if err != nil {
		return nil, err
	}
	defer pw.Close()
	pw.Identities.Limits = nil // the bench asks more often than a caller may
	known, unknown := domain.Must(domain.ParseEmail("ada@bench.example")), domain.Must(domain.ParseEmail("nobody@bench.example"))
	password, wrong := domain.NewSecret("correct horse battery"), domain.NewSecret("wrong horse battery")
	if _, err := pw.Identities.SignUp(ctx, limits.Address{}, identities.SignUp{Email: known, Password: password}); err != nil {
		return nil, err
	}
	service, stranger := &access.Service{Members: db.Members()}, domain.Must(domain.NewIdentity("bench", "stranger"))
	foreign, absent := domain.Must(domain.ParseTenantID("foreign")), domain.Must(domain.ParseTenantID("absent"))
	if _, err := db.Tenants().Create(ctx, ports.TenantCreation{ID: foreign, Owner: domain.Must(domain.NewIdentity("bench", "owner"))}); err != nil {
		return nil, err
	}
	var lines []line
	for _, pair := range []struct {
		what    string
		samples int
		a, b    func() error
	}{
		{"a wrong password or no such account", 60,
			func() error {
				_, err := pw.Identities.SignIn(ctx, limits.Address{}, known, wrong)
				return refused(err, domain.CodeInvalidCredentials)
			},
			func() error {
				_, err := pw.Identities.SignIn(ctx, limits.Address{}, unknown, wrong)
				return refused(err, domain.CodeInvalidCredentials)
			}},
		{"a forgotten password or no such account", 40,
			func() error { return pw.Identities.ForgotPassword(ctx, limits.Address{}, known) },
			func() error { return pw.Identities.ForgotPassword(ctx, limits.Address{}, unknown) }},
		{"a foreign tenant or none", 2000,
			func() error {
				_, err := service.Admit(ctx, stranger, foreign)
				return refused(err, domain.CodeTenantNotFound)
			},
			func() error {
				_, err := service.Admit(ctx, stranger, absent)
				return refused(err, domain.CodeTenantNotFound)
			}},
	} {
		told, err := tellsApart(pair.samples, pair.a, pair.b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pair.what, err)
		}
		lines = append(lines, line{what: pair.what, figure: fmt.Sprintf("guessed %.0f%%", 100*told), reference: "50% is a coin", target: "35% to 65%", met: 0.35 <= told && told <= 0.65})
	}
	return lines, nil
}

// refused returns nil if err has the expected code.
func refused(err error, code domain.Code) error {
	if errors.Is(err, code) {
		return nil
	}
	return fmt.Errorf("the error is not %q: %w", string(code), errors.Join(err, errStatus))
}

// tellsApart returns how often an observer with one time of each would be right
// to attribute the longer one to a: the area under the ROC curve.
func tellsApart(samples int, a, b func() error) (float64, error) {
	var times [2][]time.Duration
	first := 0
	for i := range 2 * samples {
		if i%2 == 0 {
			first = rand.IntN(2) // neither always comes second
		}
		which := (first + i) % 2
		began := time.Now()
		if err := []func() error{a, b}[which](); err != nil {
			return 0, err
		}
		times[which] = append(times[which], time.Since(began))
	}
	return longer(times[0], times[1]), nil
}

// longer returns the share of pairs in which a's time is the longer one. A draw counts half.
func longer(a, b []time.Duration) float64 {
	wins := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				wins++
			case x == y:
				wins += 0.5
			}
		}
	}
	return wins / float64(len(a)*len(b))
}
