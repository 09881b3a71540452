package postgres

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Value is a value of a row, whatever its type.
type Value struct {
	value any    // as the driver returns it
	kind  string // the name of its type in capitals
}

// IsNull reports whether the value is NULL.
func (v Value) IsNull() bool { return v.value == nil }

// String returns the value as text: times in UTC, booleans as true and false, and what
// else there is as PostgreSQL writes it, or shorter. NULL is empty.
func (v Value) String() string {
	switch value := v.value.(type) {
	case nil:
		return ""
	case []byte:
		if v.kind == "BYTEA" {
			return `\x` + hex.EncodeToString(value)
		}
		return string(value)
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	case time.Time:
		return v.formatTime(value)
	}
	return fmt.Sprint(v.value)
}

// formatTime returns a time without the parts that its type does not have.
func (v Value) formatTime(t time.Time) string {
	switch v.kind {
	case "DATE":
		return t.Format(time.DateOnly)
	case "TIME":
		return t.Format("15:04:05.999999")
	case "TIMETZ":
		return t.Format("15:04:05.999999Z07:00")
	case "TIMESTAMP":
		return t.Format("2006-01-02T15:04:05.999999")
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// MarshalJSON writes numbers, booleans, NULL and JSON as such, and all else as text.
func (v Value) MarshalJSON() ([]byte, error) {
	switch value := v.value.(type) {
	case nil, bool, int64, string:
		return json.Marshal(value)
	}
	text := v.String()
	switch v.kind {
	case "JSON", "JSONB", "NUMERIC", "FLOAT4", "FLOAT8":
		if json.Valid([]byte(text)) { // NaN and Infinity are not
			return []byte(text), nil
		}
	}
	return json.Marshal(text)
}
