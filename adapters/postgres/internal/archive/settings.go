package archive

import "github.com/partywall-go/partywall/adapters/postgres/internal/pg"

// Settings make every server write and read values in the same form, whatever its own
// settings are.
// Statements take as long as they need. A table whose row policies would hide rows from
// its owner is refused.
func Settings(cfg pg.Config) []pg.Setting {
	return []pg.Setting{
		{Name: "statement_timeout", Value: "0"},
		{Name: "lock_timeout", Value: pg.Milliseconds(cfg.LockTimeout)},
		{Name: "idle_in_transaction_session_timeout", Value: "0"}, // an import waits for its reader
		{Name: "row_security", Value: "off"},
		{Name: "synchronize_seqscans", Value: "off"}, // rows keep their order
		{Name: "array_nulls", Value: "on"},
		{Name: "quote_all_identifiers", Value: "off"}, // also in the types of columns
		{Name: "datestyle", Value: "ISO, MDY"},
		{Name: "intervalstyle", Value: "postgres"},
		{Name: "timezone", Value: "UTC"},
		{Name: "extra_float_digits", Value: "3"},
		{Name: "bytea_output", Value: "hex"},
		{Name: "lc_monetary", Value: "C"},
		{Name: "xmloption", Value: "content"},
		{Name: "xmlbinary", Value: "base64"},
	}
}
