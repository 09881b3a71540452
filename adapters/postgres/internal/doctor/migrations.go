package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/ports/doctor"
)

// migrations looks at what was applied once, and at what makes a tenant.
func (c *checker) migrations(ctx context.Context) (doctor.Finding, error) {
	var ahead []string
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := schema.UpToDate(ctx, tx, c.sets, c.cfg); err != nil {
			return err
		}
		once, err := schema.ReadOnce(ctx, tx)
		if err != nil {
			return err
		}
		published, err := schema.ReadPublished(ctx, tx)
		ahead = slices.Concat(once.Ahead([]schema.Set{c.sets.System, c.sets.Shared}), published.Ahead(c.sets.Tenant))
		return err
	})
	if errors.Is(err, pg.CodeMigrationChanged) {
		return doctor.Fail(pg.Describe(err), "restore the file's text as it was when setup applied it, or run the version of the program that has that text"), nil
	}
	if errors.Is(err, pg.CodeBehind) {
		return doctor.Fail(pg.Describe(err), c.setItUp()+", of the version that runs here"), nil
	}
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(ahead) > 0 {
		return doctor.Warn("the database is ahead of this program by "+pg.FirstFew(ahead), "run the newer version of the program here, too"), nil
	}
	return doctor.Pass("all migrations have run"), nil
}

// tenantVersions looks for tenants that are older than the program.
func (c *checker) tenantVersions(ctx context.Context) (doctor.Finding, error) {
	var status inspection.MigrationStatus
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		status, err = inspection.ReadMigrationStatus(ctx, tx, c.sets.Tenant)
		return err
	})
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(status.Behind) == 0 {
		return doctor.Pass(fmt.Sprintf("all tenants, %d, are at the program's version or newer", status.Tenants)), nil
	}
	return doctor.Fail(status.Summary(), status.Fix(c.cfg)), nil
}

// newTenants looks whether the newest setup could make a tenant.
func (c *checker) newTenants(ctx context.Context) (doctor.Finding, error) {
	var failure string
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		failure, err = inspection.ReadTrialFailure(ctx, tx)
		return err
	})
	if err != nil {
		return doctor.Finding{}, err
	}
	if failure != "" {
		return doctor.Fail("no tenant can be made: "+failure, "remove the cause; where only another text of the file would help, go back to the version of the program that made tenants; then "+c.setItUp()+", which tries again"), nil
	}
	return doctor.Pass("the newest setup made a tenant for trial"), nil
}

// extensionSchema looks for what has no place in ext. All tenants have ext on their
// path, so all would share a table there.
func (c *checker) extensionSchema(ctx context.Context) (doctor.Finding, error) {
	var found []string
	err := c.readAll(ctx, &found, `
		SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d
		WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = 'ext')
		AND d.deptype = 'n' AND d.classid <> 'pg_extension'::regclass
		AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')
		ORDER BY 1`)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case len(found) > 0:
		return doctor.Fail("the schema ext has what belongs to no extension, and every tenant finds it on its path: "+pg.FirstFew(found),
			"find out which migration made it, then move each to its tenant's schema or to shared with ALTER ... SET SCHEMA, or drop it"), nil
	}
	return doctor.Pass("the schema ext has extensions and nothing else"), nil
}
