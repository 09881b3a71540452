// Package strictjson reads JSON from callers that are not trusted. It accepts one
// object in the grammar of RFC 8259 and the discipline of I-JSON (RFC 7493, section
// 2): valid UTF-8 without lone surrogates, no name twice in an object at any depth,
// and nothing after the object. Nesting is limited, and numbers keep every digit.
//
// [Decode] reads a request's body into a struct and refuses names that the struct
// does not have in exactly this spelling. [Parse] reads what others define, such as a
// token's claims, where unknown names are ignored.
//
// Both return a [*SyntaxError] if the bytes are not such an object, and a
// [*FieldError] if one of its fields is at fault. Neither error quotes a value, which
// may be a secret.
package strictjson
