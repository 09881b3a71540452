package postgres_test

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TestAFileBeforeThoseOfAnArchive imports an archive into a program that has a file which
// sorts before one of the archive: the tenant would get the two in another order.
func TestAFileBeforeThoseOfAnArchive(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"0001_a.sql": {Data: []byte(`CREATE TABLE a ()`)}, "0003_c.sql": {Data: []byte(`CREATE TABLE c ()`)}}
	db, _ := pgtest.Open(t, func(cfg *postgres.Config) { cfg.TenantMigrations = files })
	archive := export(t, db, pgtest.MakeTenant(t, db, "acme"))
	other, otherCfg := pgtest.Open(t, func(cfg *postgres.Config) {
		more := maps.Clone(files)
		more["0002_b.sql"] = &fstest.MapFile{Data: []byte(`CREATE TABLE b ()`)}
		cfg.TenantMigrations = more
	})
	_, err := other.Archives().Import(t.Context(), archive.as(pgtest.TenantID(t, "bolt")))
	if err == nil || !strings.Contains(err.Error(), "product/0002_b.sql sorts before product/0003_c.sql") {
		t.Errorf("%v", err)
	}
	pgtest.MustBeWhole(t, otherCfg, 0)
}

func TestAnImportThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	acme := pgtest.MakeTenant(t, db, "acme")
	pgtest.Note(t, db, acme, "a note")
	archive := export(t, db, acme)
	full := errors.New("the archive is cut")
	for name, c := range map[string]struct {
		spoil func(in *ports.TenantImport)
		says  string
	}{
		"a row that is none":         {func(in *ports.TenantImport) { in.Rows = rowsOf("x\n") }, "does not have 3 columns"},
		"a row that ends too early":  {func(in *ports.TenantImport) { in.Rows = rowsOf("1\ta") }, "a row has no end"},
		"a value of another type":    {func(in *ports.TenantImport) { in.Rows = rowsOf("x\ta\t\\N\n") }, `the rows of the table "notes" cannot be loaded`},
		"a row without its parent":   {func(in *ports.TenantImport) { in.Rows = rowsOf("1\ta\t7\n") }, "do not fit each other"},
		"an unknown column":          {func(in *ports.TenantImport) { in.Tables[0].Columns[1].Name = "body" }, `has the columns (id bigint, body text, parent bigint) in the archive`},
		"an unknown table":           {func(in *ports.TenantImport) { in.Tables[0].Name = "invoices" }, `the table "invoices", which the migrations do not make`},
		"no table":                   {func(in *ports.TenantImport) { in.Tables = nil }, `the table "notes", which the archive does not have`},
		"an unknown sequence":        {func(in *ports.TenantImport) { in.Sequences[0].Name = "no" }, `the sequence "no"`},
		"a sequence out of range":    {func(in *ports.TenantImport) { in.Sequences[0].Last = 0 }, "cannot be set"},
		"a newer version":            {func(in *ports.TenantImport) { in.Files[0].Number = 99 }, "which this program does not have"},
		"another file of the number": {func(in *ports.TenantImport) { in.Files[0].Checksum = "x" }, "differs from 0001_notes.sql in the archive"},
		"an archive that fails": {func(in *ports.TenantImport) {
			in.Rows = func(ports.ArchivedTable) (io.Reader, error) { return &failing{err: full}, nil }
		}, "the archive is cut"},
		"a member that fails": {func(in *ports.TenantImport) {
			in.Members = func(yield func(domain.Membership, error) bool) { yield(domain.Membership{}, full) }
		}, "the archive is cut"},
	} {
		in := archive.as(pgtest.TenantID(t, "bolt"))
		in.Tables, in.Sequences, in.Files = slices.Clone(in.Tables), slices.Clone(in.Sequences), slices.Clone(in.Files)
		in.Tables[0].Columns = slices.Clone(in.Tables[0].Columns)
		c.spoil(&in)
		_, err := db.Archives().Import(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		pgtest.MustBeWhole(t, cfg, 1)
	}
	if _, err := db.Archives().Import(t.Context(), archive.as(acme)); !errors.Is(err, domain.CodeTenantExists) {
		t.Errorf("a taken ID: %v", err)
	}
	pgtest.Reserve(t, db, "held")
	if _, err := db.Archives().Import(t.Context(), archive.as(pgtest.TenantID(t, "held"))); !errors.Is(err, domain.CodeTenantExists) {
		t.Errorf("a reserved ID: %v", err)
	}
}

func rowsOf(text string) func(ports.ArchivedTable) (io.Reader, error) {
	return func(ports.ArchivedTable) (io.Reader, error) { return strings.NewReader(text), nil }
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnImportIsNotServedUntilItIsActivated(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	archive := export(t, db, pgtest.MakeTenant(t, db, "acme"))
	bolt := pgtest.TenantID(t, "bolt")
	begin := func() ports.PendingImport {
		t.Helper()
		pending, err := db.Archives().Import(t.Context(), archive.as(bolt))
		if err != nil {
			t.Fatal(err)
		}
		return pending
	}
	pending := begin()
	pgtest.MustBe(t, db.InTenant(t.Context(), bolt, pgtest.InsertNote("x")), domain.CodeTenantNotFound)
	if n, err := db.Tenants().Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept %d: %v", n, err)
	}
	if err := db.Archives().Discard(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	pgtest.MustBeWhole(t, cfg, 1)
	if err := db.Archives().Renew(t.Context(), pending); domain.KindOf(err) != domain.Conflict {
		t.Errorf("renewed: %v", err)
	}
	if _, err := db.Archives().Activate(t.Context(), pending, domain.OperatorActor()); domain.KindOf(err) != domain.Conflict {
		t.Errorf("activated: %v", err)
	}

	begin() // and the program dies
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.tenants SET expires_at = now() WHERE id = 'bolt'`)
	if n, err := db.Tenants().Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d: %v", n, err)
	}
	pgtest.MustBeWhole(t, cfg, 1)

	pending = begin()
	if _, err := db.Archives().Activate(t.Context(), pending, domain.OperatorActor()); err != nil {
		t.Fatal(err)
	}
	if err := db.Archives().Discard(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	pgtest.Note(t, db, bolt, "x")

	in := archive.as(pgtest.TenantID(t, "cast"))
	in.Members = func(func(domain.Membership, error) bool) {}
	pending, err := db.Archives().Import(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Archives().Activate(t.Context(), pending, domain.OperatorActor())
	pgtest.MustBe(t, err, domain.CodeLastOwner)
}

func TestRowsOfSeveralCopiesMayReferToLaterOnes(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(`CREATE TABLE nodes (id int PRIMARY KEY, next int REFERENCES nodes, label text)`))
	acme := pgtest.MakeTenant(t, db, "acme")
	runIn(t, cfg, acme, `INSERT INTO nodes SELECT n, CASE WHEN n < 200001 THEN n + 1 END, repeat('x', CASE n WHEN 1 THEN 200000 ELSE 3 END) FROM generate_series(1, 200001) n`)
	archive := export(t, db, acme)
	bolt := pgtest.TenantID(t, "bolt")
	importInto(t, db, archive.as(bolt))
	if again := export(t, db, bolt); again.rows["nodes"].String() != archive.rows["nodes"].String() {
		t.Error("the rows differ")
	}
}

// TestRowsThatAnUnvalidatedConstraintForbids moves a tenant that has rows which are older
// than a constraint of theirs, as ADD CONSTRAINT ... NOT VALID leaves them.
func TestRowsThatAnUnvalidatedConstraintForbids(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"0001_a.sql": {Data: []byte(`
		CREATE DOMAIN short AS text;
		CREATE TABLE parents (id int PRIMARY KEY);
		CREATE TABLE children (id int, parent int, name short);
		CREATE TABLE kids () INHERITS (children);
		CREATE TABLE parted (id int) PARTITION BY LIST (id);
		CREATE TABLE parted_rest PARTITION OF parted DEFAULT`)}}
	with := func(cfg *postgres.Config) { cfg.TenantMigrations = files }
	db, cfg := pgtest.Open(t, with)
	acme := pgtest.MakeTenant(t, db, "acme")
	runIn(t, cfg, acme, `INSERT INTO children VALUES (-1, 7, 'long'); INSERT INTO kids VALUES (-2, 8, NULL); INSERT INTO parted VALUES (-3)`)
	files = maps.Clone(files)
	files["0002_checks.sql"] = &fstest.MapFile{Data: []byte(`
		ALTER DOMAIN short ADD CONSTRAINT short CHECK (length(VALUE) < 3) NOT VALID;
		ALTER TABLE children ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
		ALTER TABLE children ADD CONSTRAINT parent FOREIGN KEY (parent) REFERENCES parents DEFERRABLE INITIALLY DEFERRED NOT VALID;
		ALTER TABLE kids ADD FOREIGN KEY (parent) REFERENCES parents NOT VALID;
		ALTER TABLE parted ADD CHECK (id > 0) NOT VALID;
		DO $$ BEGIN
			IF current_setting('server_version_num')::int >= 180000 THEN
				EXECUTE 'ALTER TABLE children ADD CONSTRAINT named NOT NULL name NOT VALID';
				EXECUTE 'ALTER TABLE children ADD CONSTRAINT loose CHECK (id > 100) NOT ENFORCED';
				EXECUTE 'ALTER TABLE children ADD CONSTRAINT loose_parent FOREIGN KEY (parent) REFERENCES parents NOT ENFORCED';
			END IF;
		END $$`)}
	with(&cfg)
	pgtest.SetUp(t, cfg)
	newer := pgtest.Reopen(t, cfg)
	bolt := pgtest.TenantID(t, "bolt")
	importInto(t, newer, export(t, newer, acme).as(bolt))
	if got := readIn[string](t, cfg, bolt, `SELECT string_agg(concat_ws(' ', id, parent, name), ', ' ORDER BY id DESC) FROM (SELECT * FROM children UNION ALL SELECT id, NULL, NULL FROM parted) all_rows`); got != "-1 7 long, -2 8, -3" {
		t.Errorf("got %s", got)
	}
	if got, want := readIn[string](t, cfg, bolt, catalogue), readIn[string](t, cfg, acme, catalogue); got != want {
		t.Errorf("the catalogue is\n%s\nand was\n%s", got, want)
	}
}

func TestAnIDThatIsGoneIsNotImported(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	archive := export(t, db, pgtest.MakeTenant(t, db, "acme"))
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `INSERT INTO partywall.tombstones (id, name, created_at) VALUES ('bolt', 'Bolt', now())`)
	_, err := db.Archives().Import(t.Context(), archive.as(pgtest.TenantID(t, "bolt")))
	pgtest.MustBe(t, err, domain.CodeTenantExists)
}
