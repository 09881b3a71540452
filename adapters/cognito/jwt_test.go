package cognito_test

import (
	"encoding/base64"
	"fmt"
)

// jwt returns a token whose signature is not checked.
func jwt(issued, expires int) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(fmt.Appendf(nil, `{"iat":%d,"exp":%d}`, issued, expires)) + "." + encode([]byte("signature"))
}
