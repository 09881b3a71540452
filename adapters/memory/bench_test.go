package memory_test

import (
	"fmt"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

func BenchmarkCreate(b *testing.B) {
	const most = 1000 // the number of tenants in one database, as many as a test may have
	var db *memory.DB
	owner := identity("owner")
	for n := 0; b.Loop(); n++ {
		if n%most == 0 {
			db = &memory.DB{}
		}
		id := tenantID(fmt.Sprintf("tenant-%d", n))
		if _, err := db.Tenants().Create(b.Context(), ports.TenantCreation{ID: id, Owner: owner}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	db := &memory.DB{}
	service := &access.Service{Members: db.Members()}
	owner, id := identity("owner"), tenantID("acme")
	if _, err := db.Tenants().Create(b.Context(), ports.TenantCreation{ID: id, Owner: owner}); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := service.Admit(b.Context(), owner, id); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
