package tokens_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

// hostile is a token that a single rule refuses: all else about it is right, and
// where it can be, it is signed by the issuer's own key.
type hostile struct{ name, token, reason string }

func TestVerifyRefusesHostileTokens(t *testing.T) {
	rules := []struct {
		name   string
		tokens []hostile
	}{
		{"the form", hostileForms()},
		{"the JSON", hostileJSON()},
		{"the header", hostileHeaders()},
		{"the key ID", hostileKeyIDs()},
		{"the issuer", hostileIssuers()},
		{"the signature", hostileSignatures()},
		{"the times", hostileTimes()},
		{"the use", hostileUses()},
		{"the client", hostileClients()},
		{"the subject", hostileSubjects()},
	}
	v := newVerifier(t, newClock().Now)
	good := goodToken(newClock().Now(), nil)
	if err := verify(t, v, good); err != nil {
		t.Fatalf("the token that the others are made from: %v", err)
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, h := range rule.tokens {
				t.Run(h.name, func(t *testing.T) {
					if h.token == good {
						t.Fatal("this is the good token")
					}
					refused(t, v, h.token, h.reason)
				})
			}
		})
	}
	if n := v.Remembered(); n != 1 {
		t.Errorf("%d tokens are remembered, want the good one only", n)
	}
}

func claimed(name string, changes fields, reason string) hostile {
	return hostile{name, goodToken(newClock().Now(), changes), reason}
}

func headed(name string, changes fields, reason string) hostile {
	return hostile{name, sign(ourKey(), goodHeader().with(changes).String(), goodClaims(newClock().Now()).String()), reason}
}

func hostileForms() []hostile {
	now := newClock().Now()
	good := goodToken(now, nil)
	parts := strings.Split(good, ".")
	const three, base64 = "three parts", "illegal base64"
	text := goodHeader().String()
	header := encode(text + strings.Repeat(" ", (4-len(text)%3)%3)) // a byte more than whole groups of three: bits to spare
	odd := encode(goodClaims(now).with(fields{"x": json.RawMessage(`"ÿÿÿ¿¿¿ÿÿÿ"`)}).String())
	return []hostile{
		{"nothing", "", three},
		{"a word", "x", three},
		{"dots alone", "..", three},
		{"two parts", parts[0] + "." + parts[1], three},
		{"four parts", good + "." + parts[2], three},
		{"five parts, as an encrypted token", good + "." + parts[2] + "." + parts[2], three},
		{"an empty header", "." + parts[1] + "." + parts[2], three},
		{"an empty payload", parts[0] + ".." + parts[2], three},
		{"an empty signature", parts[0] + "." + parts[1] + ".", three},
		{"a dot at the end", good + ".", three},
		{"17 KiB", goodToken(now, fields{"x": strings.Repeat("x", 12<<10)}), "more than 16384 bytes"},
		{"a byte over 16 KiB", good + strings.Repeat("A", 16<<10+1-len(good)), "more than 16384 bytes"},
		{"a padded header", signParts(ourKey(), header+"==", parts[1]), base64},
		{"a padded signature", good + "==", base64},
		{"stray bits in the header", signParts(ourKey(), bumped(header), parts[1]), base64},
		{"stray bits in the signature", bumped(good), base64},
		{"the standard alphabet", signParts(ourKey(), parts[0], strings.NewReplacer("-", "+", "_", "/").Replace(odd)), base64},
		{"a line break in the payload", signParts(ourKey(), parts[0], parts[1][:8]+"\n"+parts[1][8:]), "line break"},
		{"a line break in the signature", good[:len(good)-8] + "\r\n" + good[len(good)-8:], "line break"},
		{"a line break at the end", good + "\n", "line break"},
		{"a space in front", " " + good, base64},
		{"the scheme in front", "Bearer " + good, base64},
		{"flattened JSON", fields{"protected": parts[0], "payload": parts[1], "signature": parts[2]}.String(), three},
		{"general JSON", fields{"payload": parts[1], "signatures": []fields{{"protected": parts[0], "signature": parts[2]}}}.String(), three},
	}
}

// bumped sets the last bit of base64 that has bits to spare.
func bumped(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + string(alphabet[last|1])
}

func hostileJSON() []hostile {
	header, claims := goodHeader().String(), goodClaims(newClock().Now()).String()
	open := claims[:len(claims)-1] // without the closing brace
	const syntax = "at byte"
	return []hostile{
		{"a name twice in the header", sign(ourKey(), `{"alg":"none",`+header[1:], claims), "alg is given twice"},
		{"a name twice in the payload", sign(ourKey(), header, open+`,"sub":"somebody else"}`), "sub is given twice"},
		{"a name twice, once escaped", sign(ourKey(), header, open+`,"\u0073ub":"somebody else"}`), "sub is given twice"},
		{"a name twice further down", sign(ourKey(), header, open+`,"x":[{"y":1,"y":2}]}`), "x.0.y is given twice"},
		{"another object behind the header", sign(ourKey(), header+"{}", claims), syntax},
		{"another object behind the payload", sign(ourKey(), header, claims+claims), syntax},
		{"a NUL behind the payload", sign(ourKey(), header, claims+"\x00"), syntax},
		{"a list for a payload", sign(ourKey(), header, "["+claims+"]"), syntax},
		{"a string for a payload", sign(ourKey(), header, `"x"`), syntax},
		{"null for a header", sign(ourKey(), "null", claims), syntax},
		{"half a payload", sign(ourKey(), header, open), syntax},
		{"a byte order mark", sign(ourKey(), header, "\ufeff"+claims), syntax},
		{"bytes that aren't UTF-8", sign(ourKey(), header, open+",\"x\":\"\xff\"}"), "UTF-8"},
		{"half a surrogate pair", sign(ourKey(), header, open+`,"x":"\ud800"}`), "surrogate"},
		{"a deep payload", sign(ourKey(), header, open+`,"x":`+strings.Repeat("[", 8)+strings.Repeat("]", 8)+`}`), "nested too deeply"},
		{"a comment", sign(ourKey(), header+"//", claims), syntax},
	}
}

func hostileHeaders() []hostile {
	claims := goodClaims(newClock().Now()).String()
	tokens := []hostile{
		headed("alg none", fields{"alg": "none"}, `alg is "none"`),
		headed("alg None", fields{"alg": "nOnE"}, `alg is "nOnE"`),
		headed("no alg", fields{"alg": absent}, "alg is absent"),
		headed("alg in lower case", fields{"alg": "rs256"}, `alg is "rs256"`),
		headed("a list of algs", fields{"alg": []string{"RS256"}}, "alg is a []"),
		headed("alg of another family", fields{"alg": "ES256"}, `alg is "ES256"`),
		headed("an alg that lies", fields{"alg": "RS512"}, `alg is "RS512"`),
		headed("typ at+jwt", fields{"typ": "at+jwt"}, `typ is "at+jwt"`),
		headed("typ in lower case", fields{"typ": "jwt"}, `typ is "jwt"`),
		headed("typ null", fields{"typ": nil}, "typ is absent"),
		headed("typ a number", fields{"typ": 1}, "typ is a json.Number"),
		{"HS256 with the public key for a secret", signHMAC(goodHeader().with(fields{"alg": "HS256"}).String(), claims), `alg is "HS256"`},
		{"RS512, and so signed", signRS512(goodHeader().with(fields{"alg": "RS512"}).String(), claims), `alg is "RS512"`},
	}
	values := fields{
		"crit": []string{"exp"}, "b64": true, "zip": "DEF", "enc": "A256GCM", "jku": "https://evil.example/jwks.json",
		"jwk": jwkOf(otherKey(), keyID), "x5u": "https://evil.example/x.pem", "x5c": []string{"MIIB"}, "cty": "JWT",
	}
	for name, value := range values {
		tokens = append(tokens, headed(name, fields{name: value}, "the header has "+name))
		tokens = append(tokens, headed(name+" null", fields{name: nil}, "the header has "+name))
	}
	return tokens
}

func signHMAC(header, payload string) string {
	der, err := x509.MarshalPKIXPublicKey(ourKey().Public())
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	input := encode(header) + "." + encode(payload)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}

func signRS512(header, payload string) string {
	input := encode(header) + "." + encode(payload)
	digest := sha512.Sum512([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, ourKey(), crypto.SHA512, digest[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(signature)
}

func hostileKeyIDs() []hostile {
	const reason = "kid isn't"
	return []hostile{
		headed("absent", fields{"kid": absent}, reason),
		headed("null", fields{"kid": nil}, reason),
		headed("empty", fields{"kid": ""}, reason),
		headed("a number", fields{"kid": 1}, reason),
		headed("a list", fields{"kid": []string{keyID}}, reason),
		headed("129 characters", fields{"kid": strings.Repeat("a", 129)}, reason),
		headed("a space behind it", fields{"kid": keyID + " "}, reason),
		headed("a NUL", fields{"kid": keyID + "\x00"}, reason),
		headed("a quote, for a database", fields{"kid": "x' OR '1'='1"}, reason),
		headed("a letter that isn't ASCII", fields{"kid": "ключ"}, reason),
		headed("a path", fields{"kid": "../../dev/null"}, "no key of that kid"),
		headed("unknown", fields{"kid": "another"}, "no key of that kid"),
		headed("in another case", fields{"kid": strings.ToLower(keyID)}, "no key of that kid"),
	}
}

func hostileIssuers() []hostile {
	return []hostile{
		claimed("absent", fields{"iss": absent}, "iss is absent"),
		claimed("null", fields{"iss": nil}, "iss is absent"),
		claimed("empty", fields{"iss": ""}, `iss is ""`),
		claimed("a slash at the end", fields{"iss": issURL + "/"}, "which isn't an issuer of ours"),
		claimed("a space at the end", fields{"iss": issURL + " "}, "which isn't an issuer of ours"),
		claimed("in capitals", fields{"iss": strings.ToUpper(issURL)}, "which isn't an issuer of ours"),
		claimed("another pool with the same key", fields{"iss": issURL + "2"}, "which isn't an issuer of ours"),
		claimed("http", fields{"iss": strings.Replace(issURL, "https", "http", 1)}, "which isn't an issuer of ours"),
		claimed("a list", fields{"iss": []string{issURL}}, "iss is a []"),
	}
}

func hostileSignatures() []hostile {
	now := newClock().Now()
	header, claims := goodHeader().String(), goodClaims(now).String()
	good := goodToken(now, nil)
	parts := strings.Split(good, ".")
	other := strings.Split(goodToken(now, fields{"sub": "somebody else"}), ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		panic(err)
	}
	flipped := append([]byte{signature[0] ^ 1}, signature[1:]...)
	with := func(signature []byte) string { return parts[0] + "." + parts[1] + "." + encode(signature) }
	rs512 := strings.Split(signRS512(header, claims), ".")
	const reason = "the signature isn't by key"
	return []hostile{
		{"another key's", sign(otherKey(), header, claims), reason},
		{"another payload's", parts[0] + "." + parts[1] + "." + other[2], reason},
		{"on another header", encode(goodHeader().with(fields{"typ": "JWT"}).String()) + "." + parts[1] + "." + parts[2], reason},
		{"on another payload", parts[0] + "." + other[1] + "." + parts[2], reason},
		{"truncated", with(signature[:len(signature)-1]), reason},
		{"a byte", with(signature[:1]), reason},
		{"a byte longer", with(append(slices.Clip(signature), 0)), reason},
		{"a zero in front", with(append([]byte{0}, signature...)), reason},
		{"one bit flipped", with(flipped), reason},
		{"all zeros", with(make([]byte, len(signature))), reason},
		{"RS512's under RS256", strings.Join(rs512, "."), reason},
		{"PS256's under RS256", signPSS(header, claims), reason},
		{"ES256's under RS256", signECDSA(header, claims), reason},
		{"the payload spelled otherwise", parts[0] + "." + encode(" "+claims) + "." + parts[2], reason},
	}
}

func signPSS(header, payload string) string {
	input := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPSS(rand.Reader, ourKey(), crypto.SHA256, digest[:], nil)
	if err != nil {
		panic(err)
	}
	return input + "." + encode(signature)
}

func signECDSA(header, payload string) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	input := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(input))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(signature)
}

func hostileTimes() []hostile {
	now := newClock().Now().Unix()
	raw := func(text string) any { return json.RawMessage(text) }
	return []hostile{
		claimed("no exp", fields{"exp": absent}, "exp isn't a number"),
		claimed("exp null", fields{"exp": nil}, "exp isn't a number"),
		claimed("exp a string", fields{"exp": "1714568400"}, "exp isn't a number"),
		claimed("exp true", fields{"exp": true}, "exp isn't a number"),
		claimed("exp a list", fields{"exp": []int64{now + 60}}, "exp isn't a number"),
		claimed("exp 0", fields{"exp": 0}, "it expired"),
		claimed("exp past", fields{"exp": now - 1}, "it expired"),
		claimed("exp now", fields{"exp": now}, "it expired"),
		claimed("exp negative", fields{"exp": -1}, "exp is out of range"),
		claimed("exp minus zero", fields{"exp": raw("-0")}, "it expired"),
		{"exp NaN", sign(ourKey(), goodHeader().String(), `{"exp":NaN,`+goodClaims(newClock().Now()).with(fields{"exp": absent}).String()[1:]), "at byte"},
		claimed("exp a string of NaN", fields{"exp": "NaN"}, "exp isn't a number"),
		claimed("exp over every float", fields{"exp": raw("1e400")}, "exp is out of range"),
		claimed("exp over every date", fields{"exp": raw("1e300")}, "exp is out of range"),
		claimed("exp over an int64", fields{"exp": raw("9223372036854775808")}, "exp is out of range"),
		claimed("exp in milliseconds", fields{"exp": (now + 60) * 1000}, "exp is out of range"),
		claimed("exp 24 h and a second after iat", fields{"iat": now, "exp": now + 86401}, "longer than 24h"),
		claimed("no iat", fields{"iat": absent}, "iat isn't a number"),
		claimed("iat a string", fields{"iat": "1714564740"}, "iat isn't a number"),
		claimed("iat 0", fields{"iat": 0}, "longer than 24h"),
		claimed("iat negative", fields{"iat": -5}, "iat is out of range"),
		claimed("iat 61 s in the future", fields{"iat": now + 61}, "iat is in the future"),
		claimed("iat at exp", fields{"iat": now + 30, "exp": now + 30}, "iat isn't before exp"),
		claimed("iat after exp", fields{"iat": now + 31, "exp": now + 30}, "iat isn't before exp"),
		claimed("nbf 61 s in the future", fields{"nbf": now + 61}, "nbf is in the future"),
		claimed("nbf a string", fields{"nbf": "x"}, "nbf isn't a number"),
		claimed("nbf null", fields{"nbf": nil}, "nbf isn't a number"),
		claimed("auth_time 61 s in the future", fields{"auth_time": now + 61}, "auth_time is in the future"),
		claimed("auth_time a string", fields{"auth_time": "x"}, "auth_time isn't a number"),
	}
}

func hostileUses() []hostile {
	return []hostile{
		claimed("id", fields{"token_use": "id", "aud": client}, `token_use is "id"`),
		claimed("refresh", fields{"token_use": "refresh"}, `token_use is "refresh"`),
		claimed("absent", fields{"token_use": absent}, "token_use is absent"),
		claimed("in capitals", fields{"token_use": "ACCESS"}, `token_use is "ACCESS"`),
		claimed("a list", fields{"token_use": []string{"access", "id"}}, "token_use is a []"),
	}
}

func hostileClients() []hostile {
	return []hostile{
		claimed("another", fields{"client_id": "another"}, `client_id is "another"`),
		claimed("absent, with an aud", fields{"client_id": absent, "aud": client}, "client_id is absent"),
		claimed("empty", fields{"client_id": ""}, `client_id is ""`),
		claimed("a list", fields{"client_id": []string{client}}, "client_id is a []"),
		claimed("a longer one", fields{"client_id": client + "0"}, "isn't a client of ours"),
	}
}

func hostileSubjects() []hostile {
	const reason = "sub isn't"
	return []hostile{
		claimed("absent", fields{"sub": absent}, reason),
		claimed("null", fields{"sub": nil}, reason),
		claimed("empty", fields{"sub": ""}, reason),
		claimed("a number", fields{"sub": 1}, reason),
		claimed("a list", fields{"sub": []string{userID}}, reason),
		claimed("129 bytes", fields{"sub": strings.Repeat("a", 129)}, reason),
		claimed("a line break", fields{"sub": userID + "\n"}, reason),
		claimed("a NUL", fields{"sub": "\x00" + userID}, reason),
		claimed("DEL", fields{"sub": userID + "\x7f"}, reason),
		claimed("a C1 control", fields{"sub": userID + "\u0085"}, reason),
	}
}
