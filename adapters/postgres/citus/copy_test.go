package citus_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// archived is an archive in memory.
type archived struct {
	members []domain.Membership
	tables  []ports.ArchivedTable
	rows    map[string]*bytes.Buffer
}

func (a *archived) Member(m domain.Membership) error {
	a.members = append(a.members, m)
	return nil
}

func (a *archived) Invitation(domain.Invitation) error { return nil }

func (a *archived) Table(table ports.ArchivedTable) (io.Writer, error) {
	a.tables = append(a.tables, table)
	a.rows[table.Name] = &bytes.Buffer{}
	return a.rows[table.Name], nil
}

// copyTenant exports a tenant and imports it under another ID.
func copyTenant(t *testing.T, db *postgres.DB, id, as domain.TenantID) {
	t.Helper()
	a := &archived{rows: map[string]*bytes.Buffer{}}
	found, err := db.Archives().Export(t.Context(), id, a)
	if err != nil {
		t.Fatal(err)
	}
	in := ports.TenantImport{ArchivedTenant: found, Tables: a.tables}
	in.Tenant.ID = as
	in.Members = func(yield func(domain.Membership, error) bool) {
		for _, m := range a.members {
			m.Tenant = as
			if !yield(m, nil) {
				return
			}
		}
	}
	in.Invitations = func(func(domain.Invitation, error) bool) {}
	in.Rows = func(table ports.ArchivedTable) (io.Reader, error) { return a.rows[table.Name], nil }
	pending, err := db.Archives().Import(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Archives().Activate(t.Context(), pending, domain.OperatorActor()); err != nil {
		t.Fatal(err)
	}
}
