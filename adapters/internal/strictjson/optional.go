package strictjson

import "reflect"

// Optional is a field whose value may be absent, null, or of type T.
type Optional[T any] struct {
	Given bool // the object has the field
	Value *T   // nil: null, or absent
}

// give marks the field as given, and returns where its value goes, unless it is null.
func (o *Optional[T]) give(null bool) reflect.Value {
	o.Given, o.Value = true, nil
	if null {
		return reflect.Value{}
	}
	o.Value = new(T)
	return reflect.ValueOf(o.Value).Elem()
}

// optional is an [Optional] of any type.
type optional interface{ give(null bool) reflect.Value }

// optionally reads null or a value into an [Optional].
func (s *scanner) optionally(into optional, null bool) error {
	value := into.give(null)
	if null {
		return s.literal("null")
	}
	return s.into(value)
}
