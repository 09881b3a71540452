// Package pgtest is what the tests of adapters/postgres share: a temporary
// PostgreSQL for each test binary, installations on databases of their own, a
// product's migrations, and a proxy that breaks connections. Only tests import it.
package pgtest
