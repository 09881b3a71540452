package inspection

import (
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// CloseDatabase returns what the owner of the database runs so that PUBLIC may create
// nothing in it.
func CloseDatabase(database string) string {
	return pg.Fill(`REVOKE TEMP, CREATE ON DATABASE {database} FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC`, map[string]string{"database": database})
}

// UseUTF8 returns what to do about a database in another encoding.
func UseUTF8(cfg pg.Config) string {
	return "set DB_NAME to another database; to create it, run as a superuser: " + CreateByHand(cfg.User, "other")
}

// CreateByHand returns the statements by which a superuser creates a database as
// setup does.
func CreateByHand(user, database string) string {
	return pg.Fill("CREATE DATABASE {database} OWNER {user} ENCODING 'UTF8' TEMPLATE template0; REVOKE TEMP, CREATE ON DATABASE {database} FROM PUBLIC", map[string]string{"user": user, "database": database})
}

// StrayExtensions selects the extensions that no tenant finds on its path.
const StrayExtensions = `SELECT extname::text FROM pg_extension WHERE extnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public') ORDER BY 1`

// MoveExtension returns what to do about an extension in the schema public.
func MoveExtension(name string) string {
	return pg.Fill("run as a superuser, connected to the database, once no other program needs it there: ALTER EXTENSION {name} SET SCHEMA ext", map[string]string{"name": name})
}
