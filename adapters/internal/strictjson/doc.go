// Package strictjson reads JSON from strangers. It takes one object in the
// grammar of RFC 8259 and the discipline of I-JSON (RFC 7493, section 2): valid
// UTF-8 without lone surrogates, no name twice in an object at any depth, and
// nothing behind the object. Nesting is limited, and numbers keep every digit.
//
// [Decode] reads a request's body into a struct and refuses what the struct
// doesn't name, spelled exactly as it does. [Parse] reads what others define,
// such as a token's claims, where unknown names are to be ignored.
//
// Both return a [*SyntaxError] where the bytes aren't such an object, and a
// [*FieldError] where one of its fields is at fault. Neither error quotes a
// value, which may be a secret.
package strictjson
