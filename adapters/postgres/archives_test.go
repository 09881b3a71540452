package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// everyKind is a product with every kind of column and of table.
var everyKind = pgtest.Files(`
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
	CREATE DOMAIN positive AS bigint CHECK (VALUE > 0);
	CREATE TYPE pair AS (a int, b text);
	CREATE TYPE spans AS RANGE (subtype = float8);
	CREATE TABLE kinds (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a ""strange"" näme" text, i2 smallint, i4 int, f4 real, f8 double precision, n numeric(30,10),
		m money, b boolean, c char(5), v varchar(9), y bytea, d date, ti time, tz timetz, ts timestamp, tstz timestamptz, iv interval, u uuid, ip inet, net cidr,
		mac macaddr, bits bit(3), vb bit varying, j json, jb jsonb, x xml, tv tsvector, tq tsquery, pt point, box box, path path, arr int[], arr2 text[][], moods mood[], mo mood,
		dom positive, p pair, pairs pair[], r int4range, mr int4multirange, sp spans, ci citext, cis citext[], cl regclass, ty regtype, nothing text, doubled int GENERATED ALWAYS AS (i4 * 2) STORED
	);
	CREATE TABLE empty ();
	CREATE TABLE parents (id bigint PRIMARY KEY, chosen bigint, next bigint REFERENCES parents, note text);
	CREATE TABLE children (id bigserial PRIMARY KEY, parent bigint NOT NULL REFERENCES parents, other bigint REFERENCES parents DEFERRABLE);
	ALTER TABLE parents ADD CONSTRAINT chosen_child FOREIGN KEY (chosen) REFERENCES children;
	CREATE TABLE aaa_last (id int PRIMARY KEY, child bigint REFERENCES children);
	CREATE TABLE measures (at date NOT NULL, v int, PRIMARY KEY (at, v)) PARTITION BY RANGE (at);
	CREATE TABLE measures_25 PARTITION OF measures FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (v);
	CREATE TABLE measures_25_1 PARTITION OF measures_25 FOR VALUES IN (1);
	CREATE TABLE measures_25_2 PARTITION OF measures_25 DEFAULT;
	CREATE TABLE measures_rest PARTITION OF measures DEFAULT;
	CREATE TABLE base (a int); CREATE TABLE derived (b int) INHERITS (base);
	CREATE TABLE secrets (owner text, what text);
	ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON secrets USING (owner = 'eve');
	CREATE TABLE log (what text);
	CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_TABLE_NAME || TG_OP); RETURN NEW; END$$;
	CREATE TRIGGER logs AFTER INSERT ON parents FOR EACH ROW EXECUTE FUNCTION logs();
	CREATE TRIGGER logs AFTER INSERT ON measures FOR EACH ROW EXECUTE FUNCTION logs();
	CREATE TRIGGER replica BEFORE INSERT ON parents FOR EACH ROW EXECUTE FUNCTION logs();
	ALTER TABLE parents ENABLE REPLICA TRIGGER replica;
	CREATE TABLE defaults (name text PRIMARY KEY, by_file boolean NOT NULL);
	INSERT INTO defaults VALUES ('currency', true), ('color', true);
	CREATE SEQUENCE invoice_numbers START 1000 INCREMENT 5;
	CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM parents;
	CREATE VIEW shown AS SELECT * FROM parents`)

// fillEveryKind are the rows of a tenant of everyKind.
const fillEveryKind = `
	INSERT INTO kinds ("a ""strange"" näme", i2, i4, f4, f8, n, m, b, c, v, y, d, ti, tz, ts, tstz, iv, u, ip, net, mac, bits, vb, j, jb, x, tv, tq, pt, box, path, arr, arr2, moods, mo, dom, p, pairs, r, mr, sp, ci, cis, cl, ty) VALUES
		(E'tab\t, line\n, quote " '' \\ back \\N ü (x) \u2028', -1, 7, 1e-7, 0.1::float8 + 0.2, 12345678901234567890.0123456789, 1234.5, true, 'ab', '', '\x00ff0a5c'::bytea,
		 'infinity', '23:59:59.999999', '12:00+05:30', '2024-02-29 12:00:00.000001', '-infinity', '-1 year 2 mons -3 days 04:05:06.7', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1/64', '10.0.0.0/8',
		 '08:00:2b:01:02:03', B'101', B'', '{"a" :  1}', '{"b": [1, null, "\\"]}', '<a>x</a><b/>', 'fat:2A cat', 'fat & rat', '(1.5,2)', '(2,2),(1,1)', '[(0,0),(1,1)]', '{1,NULL,3}', '{{a,"b,\"c"},{NULL,"NULL"}}', '{sad,happy}', 'ok',
		 5, ROW(1, 'x "y", (z)'), ARRAY[ROW(1, NULL)::pair, NULL], '[1,5)', '{[1,3),[5,7)}', '[0.5,1.5)', 'CaSe', '{A,b}', 'parents', 'mood'),
		('', NULL, NULL, 'NaN', '-infinity', 'NaN', NULL, false, '', ' ', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'null', 'null', '', '', NULL, NULL, NULL, NULL, '{}', '{}', NULL, NULL, NULL, ROW(NULL, NULL), NULL, 'empty', '{}', NULL, '', NULL, NULL, NULL),
		(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	INSERT INTO empty SELECT FROM generate_series(1, 3);
	INSERT INTO parents (id, note) VALUES (1, 'one'), (2, 'two'), (3, 'three');
	INSERT INTO children (parent, other) VALUES (1, 2), (2, NULL);
	UPDATE parents SET chosen = 2, next = 3 WHERE id = 1;
	INSERT INTO aaa_last VALUES (1, 1);
	INSERT INTO measures VALUES ('2025-03-01', 1), ('2025-03-02', 9), ('2026-05-01', 1);
	INSERT INTO base VALUES (1); INSERT INTO derived VALUES (2, 3);
	UPDATE defaults SET by_file = false WHERE name = 'color'; DELETE FROM defaults WHERE name = 'currency';
	SELECT nextval('invoice_numbers'), nextval('invoice_numbers')`

func withCitext(cfg *postgres.Config) {
	cfg.TenantMigrations = everyKind
	cfg.SharedMigrations = pgtest.Files(`CREATE EXTENSION IF NOT EXISTS citext SCHEMA ext`)
}

// kept is an archive in memory, without invitations.
type kept struct {
	ports.ArchivedTenant
	members []domain.Membership
	tables  []ports.ArchivedTable
	rows    map[string]*bytes.Buffer
}

func (k *kept) Invitation(domain.Invitation) error { return nil }

func (k *kept) Member(m domain.Membership) error {
	k.members = append(k.members, m)
	return nil
}

func (k *kept) Table(t ports.ArchivedTable) (io.Writer, error) {
	k.tables = append(k.tables, t)
	k.rows[t.Name] = &bytes.Buffer{}
	return k.rows[t.Name], nil
}

// export returns a tenant's archive.
func export(t *testing.T, db *postgres.DB, id domain.TenantID) *kept {
	t.Helper()
	k := &kept{rows: map[string]*bytes.Buffer{}}
	found, err := db.Archives().Export(t.Context(), id, k)
	if err != nil {
		t.Fatal(err)
	}
	k.ArchivedTenant = found
	return k
}

// as returns the import of the archive under an ID.
func (k *kept) as(id domain.TenantID) ports.TenantImport {
	in := ports.TenantImport{ArchivedTenant: k.ArchivedTenant, Tables: k.tables}
	in.Tenant.ID = id
	in.Members = func(yield func(domain.Membership, error) bool) {
		for _, m := range k.members {
			m.Tenant = id
			if !yield(m, nil) {
				return
			}
		}
	}
	in.Invitations = func(func(domain.Invitation, error) bool) {}
	in.Rows = func(table ports.ArchivedTable) (io.Reader, error) {
		return bytes.NewReader(k.rows[table.Name].Bytes()), nil
	}
	return in
}

var _ iter.Seq2[domain.Membership, error] = ports.TenantImport{}.Members

func TestATenantOfEveryKindIsEqualInAnotherInstallation(t *testing.T) {
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, withCitext, change)
			acme := pgtest.MakeTenant(t, db, "acme")
			runIn(t, cfg, acme, fillEveryKind)
			first := export(t, db, acme)

			other, otherCfg := pgtest.Open(t, withCitext, change, func(c *postgres.Config) {
				newer := maps.Clone(everyKind)
				newer["0002_more.sql"] = pgtest.Files(`ALTER TABLE parents ADD more text DEFAULT 'new'; UPDATE defaults SET name = upper(name)`)["0001_file.sql"]
				c.TenantMigrations = newer
			})
			same, sameCfg := pgtest.Open(t, withCitext, change)
			for _, setting := range otherSettings {
				pgtest.Execute(t, pgtest.Login(t, sameCfg, sameCfg.User, sameCfg.Password), "ALTER DATABASE "+pq.QuoteIdentifier(sameCfg.Database)+" SET "+setting)
			}
			for _, target := range []*postgres.DB{same, other} {
				importInto(t, target, first.as(pgtest.TenantID(t, "bolt-2")))
			}
			second := export(t, same, pgtest.TenantID(t, "bolt-2"))
			for table, rows := range first.rows {
				if got := second.rows[table]; got == nil || got.String() != rows.String() {
					t.Errorf("the table %s differs:\n%s\n%s", table, rows, got)
				}
			}
			if !slices.Equal(first.Sequences, second.Sequences) || len(first.Sequences) != 3 {
				t.Errorf("%v\n%v", first.Sequences, second.Sequences)
			}
			if first.rows["log"].Len() == 0 {
				t.Error("no trigger ran")
			}
			bolt := pgtest.TenantID(t, "bolt-2")
			if got := readIn[string](t, otherCfg, bolt, `SELECT (SELECT min(more) FROM parents) || (SELECT string_agg(name, ',') FROM defaults) || (SELECT n FROM totals) || (SELECT (nextval('invoice_numbers')))`); got != "newCOLOR31010" {
				t.Errorf("migrated on: %s", got)
			}
			if got := readIn[string](t, otherCfg, bolt, catalogue); got != readIn[string](t, otherCfg, pgtest.MakeTenant(t, other, "fresh"), catalogue) {
				t.Errorf("the catalogue differs from that of a new tenant:\n%s", got)
			}
			pgtest.MustBeWhole(t, otherCfg, 2)
			if err := other.InTenant(t.Context(), bolt, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO parents (id) VALUES (9)`)
				return err
			}); err != nil {
				t.Errorf("the tenant's role: %v", err)
			}
		})
	}
}

// otherSettings are those of a database that writes and reads values in another way.
var otherSettings = []string{
	"array_nulls = off", "bytea_output = escape", "datestyle = 'German, DMY'", "extra_float_digits = -15", "intervalstyle = sql_standard",
	"quote_all_identifiers = on", "standard_conforming_strings = off", "timezone = 'Asia/Kolkata'", "xmlbinary = hex", "xmloption = document",
}

// catalogue describes what an import changes while it loads.
const catalogue = `
	SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
		SELECT concat_ws(' ', conrelid::regclass, conname, condeferrable, condeferred, pg_get_constraintdef(oid)) AS line FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND (contype <> 'n' OR NOT convalidated)
		UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled, tgisinternal) FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
		UNION ALL SELECT concat_ws(' ', relname, relrowsecurity, relforcerowsecurity, relispopulated, relacl::text <> '') FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind <> 'i' AND relkind <> 't'
	) all_lines`

// importInto imports a tenant and activates it.
func importInto(t *testing.T, db *postgres.DB, in ports.TenantImport) {
	t.Helper()
	pending, err := db.Archives().Import(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Archives().Renew(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Archives().Activate(t.Context(), pending, domain.OperatorActor()); err != nil {
		t.Fatal(err)
	}
}

// runIn runs statements as the owner of the tenant's tables.
func runIn(t *testing.T, cfg postgres.Config, id domain.TenantID, statements string) {
	t.Helper()
	pgtest.Execute(t, pgtest.Login(t, cfg, cfg.User, cfg.Password), fmt.Sprintf(`SET search_path = "tenant_%s", ext; %s; RESET search_path`, id, statements))
}

// readIn reads a value as the owner of the tenant's tables.
func readIn[T any](t *testing.T, cfg postgres.Config, id domain.TenantID, query string) T {
	t.Helper()
	db := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	db.SetMaxOpenConns(1)
	pgtest.Execute(t, db, fmt.Sprintf(`SET search_path = "tenant_%s", ext`, id))
	return pgtest.Query[T](t, db, query)
}

func TestWhatCannotBeExported(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(`CREATE TABLE t (a int); CREATE TABLE o (l oid)`))
	for _, c := range []struct{ id, spoil, says string }{
		{"forced", `ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`, "NO FORCE ROW LEVEL SECURITY"},
		{"broken", `DROP SCHEMA tenant_broken CASCADE`, "no schema"},
		{"large", `INSERT INTO o VALUES (lo_create(0))`, "large objects"},
	} {
		id := pgtest.MakeTenant(t, db, c.id)
		runIn(t, cfg, id, c.spoil)
		_, err := db.Archives().Export(t.Context(), id, &kept{rows: map[string]*bytes.Buffer{}})
		pgtest.MustBe(t, err, ports.CodeArchiveRefused)
		pgtest.MustSay(t, err, c.says)
	}
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `SELECT lo_unlink(oid) FROM pg_largeobject_metadata`)
	_, err := db.Archives().Export(t.Context(), pgtest.TenantID(t, "nowhere"), nil)
	pgtest.MustBe(t, err, domain.CodeTenantNotFound)
	full := errors.New("the disk is full")
	_, err = db.Archives().Export(t.Context(), pgtest.MakeTenant(t, db, "acme"), fullDisk{full})
	pgtest.MustBe(t, err, full)
}

// fullDisk is a sink that fails.
type fullDisk struct{ err error }

func (f fullDisk) Member(domain.Membership) error               { return nil }
func (f fullDisk) Invitation(domain.Invitation) error           { return nil }
func (f fullDisk) Table(ports.ArchivedTable) (io.Writer, error) { return nil, f.err }
