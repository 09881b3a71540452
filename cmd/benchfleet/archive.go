package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// addOwner makes an account for the owner of imported tenants.
const addOwner = `
	INSERT INTO partywall.users (subject, email, email_key, password_hash, confirmed)
	VALUES ('bench-owner', 'owner@bench.example', 'owner@bench.example', 'none', true) ON CONFLICT DO NOTHING`

// measureArchives exports a tenant with many rows and imports it, and the same with a
// tenant that has few, and sets how much more memory the many need.
func (in *installation) measureArchives(ctx context.Context) (err error) {
	const large, small = 2, 3 // tenants
	schema := `"tenant_` + idOf(large).String() + `"`
	if err := execute(ctx, in.super, addOwner, fmt.Sprintf(
		`INSERT INTO %s.notes (id, text) SELECT i, repeat(md5(i::text), 4) FROM generate_series(%d, %d) i`, schema, notes+1, in.bench.effort.rows)); err != nil {
		return err
	}
	defer func() {
		ctx := context.WithoutCancel(ctx)
		err = errors.Join(err, execute(ctx, in.super, fmt.Sprintf(`DELETE FROM %s.notes WHERE id > %d`, schema, notes), `VACUUM FULL `+schema+`.notes`))
		in.removeMade(ctx, "imported-")
	}()
	memory := map[string]float64{}
	for name, tenant := range map[string]int{"large": large, "small": small} {
		file := filepath.Join(in.bench.scratch, name+".tar.zst")
		for _, command := range [][]string{
			{"export", idOf(tenant).String(), "-o", file},
			{"import", file, "--as", "imported-" + name, "--owner", "bench-owner"},
		} {
			_, most, err := in.command(ctx, append([]string{"tenants"}, command...)...)
			if err != nil {
				return err
			}
			memory[command[0]+"/"+name] = most
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for _, what := range []string{"export", "import"} {
		in.set("archive/"+what, memory[what+"/large"]-memory[what+"/small"])
	}
	return nil
}
