package strictjson

import "encoding/json"

// Parse reads one object, nested at most maxDepth deep where the object itself
// is the first level. Values are string, bool, nil, map[string]any, []any, and
// [json.Number] for a number as it was written, which may be one that no Go type holds.
func Parse(data []byte, maxDepth int) (map[string]any, error) {
	var object map[string]any
	err := document(data, maxDepth, func(s *scanner) (err error) {
		object, err = s.anyObject()
		return err
	})
	if err != nil {
		return nil, err
	}
	return object, nil
}

// any reads a value of any type.
func (s *scanner) any() (any, error) {
	switch s.next() {
	case '{':
		return s.anyObject()
	case '[':
		return s.anyArray()
	case '"':
		return s.string()
	case 't':
		return true, s.literal("true")
	case 'f':
		return false, s.literal("false")
	case 'n':
		return nil, s.literal("null")
	}
	number, err := s.number()
	return json.Number(number), err
}

func (s *scanner) anyObject() (map[string]any, error) {
	object := make(map[string]any)
	err := s.object(func(name string) error {
		if _, given := object[name]; given {
			return errDuplicate
		}
		value, err := s.any()
		object[name] = value
		return err
	})
	return object, err
}

func (s *scanner) anyArray() ([]any, error) {
	array := []any{}
	err := s.array(func() error {
		value, err := s.any()
		array = append(array, value)
		return err
	})
	return array, err
}
