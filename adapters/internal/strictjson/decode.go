package strictjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Decode reads one object, nested at most maxDepth deep where the object itself is
// the first level, into the struct that into points to.
//
// Fields are named as in encoding/json, but compared case-sensitively. A name that
// the struct does not have, a value of another type, and null for anything but an
// [Optional] are each a [*FieldError]. An absent field keeps its value. After an error,
// the contents of the struct are undefined.
//
// The struct may be made of strings, bools, numbers, any (filled as by [Parse]),
// pointers, slices, structs, maps with string keys, and types that read themselves by
// [json.Unmarshaler] or [encoding.TextUnmarshaler]. Decode ignores the options of a
// tag, and an embedded struct is a field like others.
func Decode(data []byte, into any, maxDepth int) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("strictjson: Decode into %T: a pointer to a struct is needed", into))
	}
	return document(data, maxDepth, func(s *scanner) error { return s.structure(v.Elem()) })
}

// into reads a value into v.
func (s *scanner) into(v reflect.Value) error {
	first := s.next()
	if field, ok := reflect.TypeAssert[optional](v.Addr()); ok {
		return s.optionally(field, first == 'n')
	}
	switch {
	case first == 'n':
		return s.null()
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return s.into(v.Elem())
	case readsItself(v):
		return s.raw(v)
	}
	switch kind := v.Kind(); {
	case kind == reflect.String && first == '"':
		text, err := s.string()
		v.SetString(text)
		return err
	case kind == reflect.Bool && (first == 't' || first == 'f'):
		v.SetBool(first == 't')
		return s.literal(strconv.FormatBool(first == 't'))
	case isNumber(v) && (first == '-' || '0' <= first && first <= '9'):
		return s.numberInto(v)
	case kind == reflect.Struct && first == '{':
		return s.structure(v)
	case kind == reflect.Map && first == '{':
		return s.mapping(v)
	case kind == reflect.Slice && first == '[':
		return s.list(v)
	case kind == reflect.Interface:
		value, err := s.any()
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(value))
		return nil
	case strings.IndexByte(`{["tf-0123456789`, first) < 0:
		return s.fail("a value is missing")
	default:
		return wrong(expectation(v))
	}
}

// null refuses a null where a value is wanted.
func (s *scanner) null() error {
	if err := s.literal("null"); err != nil {
		return err
	}
	return wrong("must not be null")
}

// structure reads an object into the struct v.
func (s *scanner) structure(v reflect.Value) error {
	fields := fieldsOf(v.Type())
	given := make([]bool, len(fields))
	return s.object(func(name string) error {
		for i, f := range fields {
			if f.name != name {
				continue
			}
			if given[i] {
				return errDuplicate
			}
			given[i] = true
			return s.into(v.Field(f.index))
		}
		return unknown(name, fields)
	})
}

type field struct {
	name  string
	index int // in the struct
}

// fieldsByType caches the results of fieldsOf: a program has only so many types.
var fieldsByType sync.Map

func fieldsOf(t reflect.Type) []field {
	if fields, ok := fieldsByType.Load(t); ok {
		return fields.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if !f.IsExported() || tag == "-" {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{name, i})
	}
	fieldsByType.Store(t, fields)
	return fields
}

// unknown returns the fault of a name that is no field. It says so, because a caller
// may understand a fault of "password" as one of the password itself.
func unknown(name string, fields []field) error {
	var names []string
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return wrong("is not a field here; names are case-sensitive: " + f.name)
		}
		names = append(names, f.name)
	}
	if len(names) == 0 {
		return wrong("is not a field here; the object has none")
	}
	return wrong("is not a field here; the fields are " + strings.Join(names, ", "))
}

// maxNames is how many names a map may have, because keeping one costs many times its
// text.
const maxNames = 64

// mapping reads an object into the map v.
func (s *scanner) mapping(v reflect.Value) error {
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		panic(fmt.Sprintf("strictjson: Decode into %v: the keys of a map must be strings", t))
	}
	v.Set(reflect.MakeMap(t))
	return s.object(func(name string) error {
		key := reflect.ValueOf(name).Convert(t.Key())
		if v.MapIndex(key).IsValid() {
			return errDuplicate
		}
		if v.Len() == maxNames {
			return wrong("has more than " + strconv.Itoa(maxNames) + " names")
		}
		value := reflect.New(t.Elem()).Elem()
		if err := s.into(value); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
		return nil
	})
}

// list reads an array into the slice v.
func (s *scanner) list(v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return s.array(func() error {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := s.into(element); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
		return nil
	})
}

// numberInto reads a number into v, which is of a kind of number.
func (s *scanner) numberInto(v reflect.Value) error {
	number, err := s.number()
	if err != nil {
		return err
	}
	switch bits := v.Type().Bits(); {
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(number, 10, bits)
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(number, 10, bits)
		v.SetUint(n)
	default:
		var n float64
		n, err = strconv.ParseFloat(number, bits)
		v.SetFloat(n)
	}
	if err != nil {
		return wrong(expectation(v))
	}
	return nil
}

// raw lets v read a value itself, after the value was found strict.
func (s *scanner) raw(v reflect.Value) error {
	start := s.pos
	if _, err := s.any(); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(s.text[start:s.pos]), v.Addr().Interface()); err != nil {
		return wrong("is malformed")
	}
	return nil
}

func readsItself(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

func isNumber(v reflect.Value) bool { return v.CanInt() || v.CanUint() || v.CanFloat() }

func expectation(v reflect.Value) string {
	switch {
	case v.CanInt(), v.CanUint():
		return "must be a whole number within range"
	case v.CanFloat():
		return "must be a number within range"
	}
	switch v.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	case reflect.Slice:
		return "must be a list"
	default:
		panic(fmt.Sprintf("strictjson: Decode does not support a %v", v.Type()))
	}
}
