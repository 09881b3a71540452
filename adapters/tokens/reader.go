package tokens

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
	"github.com/partywall-go/partywall/domain"
)

const maxDepth = 8 // of JSON: claims are flat, but for a few lists and objects

var (
	errTooLong  = fmt.Errorf("the token has more than %d bytes", domain.MaxTokenLen)
	errNewline  = errors.New("the token has a line break")
	errNotThree = errors.New("the token does not have three parts")
)

// object is a JSON object. Its numbers are json.Number.
type object map[string]any

// parts are the parts of a token.
type parts struct {
	header, claims object
	signed         string // the bytes that are signed
	signature      []byte
}

// read splits a JWS in compact serialisation (RFC 7515, section 7.1) strictly: each
// part has one spelling, and none is empty.
func read(token string) (p parts, err error) {
	if len(token) > domain.MaxTokenLen {
		return parts{}, errTooLong
	}
	if strings.ContainsAny(token, "\r\n") { // encoding/base64 would skip them
		return parts{}, errNewline
	}
	first, rest, _ := strings.Cut(token, ".")
	second, third, _ := strings.Cut(rest, ".")
	if first == "" || second == "" || third == "" || strings.Contains(third, ".") {
		return parts{}, errNotThree
	}
	p.signed = token[:len(token)-len(third)-1]
	if p.header, err = readObject(first); err != nil {
		return parts{}, fmt.Errorf("the header: %w", err)
	}
	if p.claims, err = readObject(second); err != nil {
		return parts{}, fmt.Errorf("the payload: %w", err)
	}
	if p.signature, err = decode(third); err != nil {
		return parts{}, fmt.Errorf("the signature: %w", err)
	}
	return p, nil
}

func readObject(part string) (object, error) {
	text, err := decode(part)
	if err != nil {
		return nil, err
	}
	return strictjson.Parse(text, maxDepth)
}

var base64url = base64.RawURLEncoding.Strict()

// decode refuses padding and bits that are left over.
func decode(part string) ([]byte, error) { return base64url.DecodeString(part) }
