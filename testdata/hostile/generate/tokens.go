package main

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
	"maps"
	"slices"
	"strings"
)

// token is a token that a single rule refuses. Everything else about it is valid, and if
// possible it is signed by the issuer's own key.
type token struct {
	Name   string `json:"name"`
	Token  string `json:"token"`
	Reason string `json:"reason"` // a part of the reason in the log; the caller does not see it
}

type rule struct {
	Name   string  `json:"name"`
	Tokens []token `json:"tokens"`
}

// verifier is the configuration with which a verifier accepts Good and nothing else.
type verifier struct {
	Now      string `json:"now"`
	Issuer   string `json:"issuer"`
	Provider string `json:"provider"`
	ClientID string `json:"clientId"`
	KeyID    string `json:"keyId"`
	Key      []byte `json:"key"` // PKIX
	Subject  string `json:"subject"`
	Good     string `json:"good"`
	Rules    []rule `json:"rules"`
}

func hostileTokens() verifier {
	key, err := x509.MarshalPKIXPublicKey(ourKey.Public())
	if err != nil {
		panic(err)
	}
	return verifier{
		Now: now.Format("2006-01-02T15:04:05Z07:00"), Issuer: issURL, Provider: poolID, ClientID: client, KeyID: keyID, Key: key, Subject: userID, Good: goodToken(nil),
		Rules: []rule{
			{"the form", tokenForms()},
			{"the JSON", tokenJSON()},
			{"the header", tokenHeaders()},
			{"the key ID", tokenKeyIDs()},
			{"the issuer", tokenIssuers()},
			{"the signature", tokenSignatures()},
			{"the times", tokenTimes()},
			{"the use", tokenUses()},
			{"the client", tokenClients()},
			{"the subject", tokenSubjects()},
		},
	}
}

func claimed(name string, changes claimSet, reason string) token {
	return token{name, goodToken(changes), reason}
}

func headed(name string, changes claimSet, reason string) token {
	return token{name, sign(ourKey, goodHeader().with(changes).String(), goodClaims().String()), reason}
}

func tokenForms() []token {
	good := goodToken(nil)
	parts := strings.Split(good, ".")
	const three, base64 = "three parts", "illegal base64"
	text := goodHeader().String()
	header := encode(text + strings.Repeat(" ", (4-len(text)%3)%3)) // a byte more than whole groups of three: bits to spare
	odd := encode(goodClaims().with(claimSet{"x": json.RawMessage(`"ÿÿÿ¿¿¿ÿÿÿ"`)}).String())
	return []token{
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
		{"17 KiB", goodToken(claimSet{"x": strings.Repeat("x", 12<<10)}), "more than 16384 bytes"},
		{"a byte over 16 KiB", good + strings.Repeat("A", 16<<10+1-len(good)), "more than 16384 bytes"},
		{"a padded header", signParts(ourKey, header+"==", parts[1]), base64},
		{"a padded signature", good + "==", base64},
		{"stray bits in the header", signParts(ourKey, bumped(header), parts[1]), base64},
		{"stray bits in the signature", bumped(good), base64},
		{"the standard alphabet", signParts(ourKey, parts[0], strings.NewReplacer("-", "+", "_", "/").Replace(odd)), base64},
		{"a line break in the payload", signParts(ourKey, parts[0], parts[1][:8]+"\n"+parts[1][8:]), "line break"},
		{"a line break in the signature", good[:len(good)-8] + "\r\n" + good[len(good)-8:], "line break"},
		{"a line break at the end", good + "\n", "line break"},
		{"a space in front", " " + good, base64},
		{"the scheme in front", "Bearer " + good, base64},
		{"flattened JSON", claimSet{"protected": parts[0], "payload": parts[1], "signature": parts[2]}.String(), three},
		{"general JSON", claimSet{"payload": parts[1], "signatures": []claimSet{{"protected": parts[0], "signature": parts[2]}}}.String(), three},
	}
}

// bumped sets the last bit of a base64 text that has unused bits.
func bumped(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + string(alphabet[last|1])
}

func tokenJSON() []token {
	header, claims := goodHeader().String(), goodClaims().String()
	open := claims[:len(claims)-1] // without the closing brace
	const syntax = "at byte"
	return []token{
		{"a name twice in the header", sign(ourKey, `{"alg":"none",`+header[1:], claims), "alg is given twice"},
		{"a name twice in the payload", sign(ourKey, header, open+`,"sub":"somebody else"}`), "sub is given twice"},
		{"a name twice, once escaped", sign(ourKey, header, open+`,"\u0073ub":"somebody else"}`), "sub is given twice"},
		{"a name twice further down", sign(ourKey, header, open+`,"x":[{"y":1,"y":2}]}`), "x.0.y is given twice"},
		{"another object behind the header", sign(ourKey, header+"{}", claims), syntax},
		{"another object behind the payload", sign(ourKey, header, claims+claims), syntax},
		{"a NUL behind the payload", sign(ourKey, header, claims+"\x00"), syntax},
		{"a list for a payload", sign(ourKey, header, "["+claims+"]"), syntax},
		{"a string for a payload", sign(ourKey, header, `"x"`), syntax},
		{"null for a header", sign(ourKey, "null", claims), syntax},
		{"half a payload", sign(ourKey, header, open), syntax},
		{"a byte order mark", sign(ourKey, header, "\ufeff"+claims), syntax},
		{"bytes that aren't UTF-8", sign(ourKey, header, open+",\"x\":\"\xff\"}"), "UTF-8"},
		{"half a surrogate pair", sign(ourKey, header, open+`,"x":"\ud800"}`), "surrogate"},
		{"a deep payload", sign(ourKey, header, open+`,"x":`+strings.Repeat("[", 8)+strings.Repeat("]", 8)+`}`), "nested too deeply"},
		{"a comment", sign(ourKey, header+"//", claims), syntax},
	}
}

func tokenHeaders() []token {
	claims := goodClaims().String()
	tokens := []token{
		headed("alg none", claimSet{"alg": "none"}, `alg is "none"`),
		headed("alg None", claimSet{"alg": "nOnE"}, `alg is "nOnE"`),
		headed("no alg", claimSet{"alg": absent}, "alg is absent"),
		headed("alg in lower case", claimSet{"alg": "rs256"}, `alg is "rs256"`),
		headed("a list of algs", claimSet{"alg": []string{"RS256"}}, "alg is a []"),
		headed("alg of another family", claimSet{"alg": "ES256"}, `alg is "ES256"`),
		headed("an alg that lies", claimSet{"alg": "RS512"}, `alg is "RS512"`),
		headed("typ at+jwt", claimSet{"typ": "at+jwt"}, `typ is "at+jwt"`),
		headed("typ in lower case", claimSet{"typ": "jwt"}, `typ is "jwt"`),
		headed("typ null", claimSet{"typ": nil}, "typ is absent"),
		headed("typ a number", claimSet{"typ": 1}, "typ is a json.Number"),
		{"HS256 with the public key for a secret", signHMAC(goodHeader().with(claimSet{"alg": "HS256"}).String(), claims), `alg is "HS256"`},
		{"RS512, and so signed", signRS512(goodHeader().with(claimSet{"alg": "RS512"}).String(), claims), `alg is "RS512"`},
	}
	values := claimSet{
		"crit": []string{"exp"}, "b64": true, "zip": "DEF", "enc": "A256GCM", "jku": "https://evil.example/jwks.json",
		"jwk": jwkOf(otherKey, keyID), "x5u": "https://evil.example/x.pem", "x5c": []string{"MIIB"}, "cty": "JWT",
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		tokens = append(tokens, headed(name, claimSet{name: value}, "the header has "+name))
		tokens = append(tokens, headed(name+" null", claimSet{name: nil}, "the header has "+name))
	}
	return tokens
}

func signHMAC(header, payload string) string {
	der, err := x509.MarshalPKIXPublicKey(ourKey.Public())
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
	signature, err := rsa.SignPKCS1v15(nil, ourKey, crypto.SHA512, digest[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(signature)
}

func tokenKeyIDs() []token {
	const reason = "kid is not"
	return []token{
		headed("absent", claimSet{"kid": absent}, reason),
		headed("null", claimSet{"kid": nil}, reason),
		headed("empty", claimSet{"kid": ""}, reason),
		headed("a number", claimSet{"kid": 1}, reason),
		headed("a list", claimSet{"kid": []string{keyID}}, reason),
		headed("129 characters", claimSet{"kid": strings.Repeat("a", 129)}, reason),
		headed("a space behind it", claimSet{"kid": keyID + " "}, reason),
		headed("a NUL", claimSet{"kid": keyID + "\x00"}, reason),
		headed("a quote, for a database", claimSet{"kid": "x' OR '1'='1"}, reason),
		headed("a letter that isn't ASCII", claimSet{"kid": "ключ"}, reason),
		headed("a path", claimSet{"kid": "../../dev/null"}, "no key with that kid"),
		headed("unknown", claimSet{"kid": "another"}, "no key with that kid"),
		headed("in another case", claimSet{"kid": strings.ToLower(keyID)}, "no key with that kid"),
	}
}

func tokenIssuers() []token {
	return []token{
		claimed("absent", claimSet{"iss": absent}, "iss is absent"),
		claimed("null", claimSet{"iss": nil}, "iss is absent"),
		claimed("empty", claimSet{"iss": ""}, `iss is ""`),
		claimed("a slash at the end", claimSet{"iss": issURL + "/"}, "which is not an accepted issuer"),
		claimed("a space at the end", claimSet{"iss": issURL + " "}, "which is not an accepted issuer"),
		claimed("in capitals", claimSet{"iss": strings.ToUpper(issURL)}, "which is not an accepted issuer"),
		claimed("another pool with the same key", claimSet{"iss": issURL + "2"}, "which is not an accepted issuer"),
		claimed("http", claimSet{"iss": strings.Replace(issURL, "https", "http", 1)}, "which is not an accepted issuer"),
		claimed("a list", claimSet{"iss": []string{issURL}}, "iss is a []"),
	}
}

func tokenSignatures() []token {
	header, claims := goodHeader().String(), goodClaims().String()
	good := goodToken(nil)
	parts := strings.Split(good, ".")
	other := strings.Split(goodToken(claimSet{"sub": "somebody else"}), ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		panic(err)
	}
	flipped := append([]byte{signature[0] ^ 1}, signature[1:]...)
	with := func(signature []byte) string { return parts[0] + "." + parts[1] + "." + encode(signature) }
	rs512 := strings.Split(signRS512(header, claims), ".")
	const reason = "the signature is not by key"
	return []token{
		{"another key's", sign(otherKey, header, claims), reason},
		{"another payload's", parts[0] + "." + parts[1] + "." + other[2], reason},
		{"on another header", encode(goodHeader().with(claimSet{"typ": "JWT"}).String()) + "." + parts[1] + "." + parts[2], reason},
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
	signature, err := rsa.SignPSS(rand.Reader, ourKey, crypto.SHA256, digest[:], nil)
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

func tokenTimes() []token {
	now := now.Unix()
	raw := func(text string) any { return json.RawMessage(text) }
	return []token{
		claimed("no exp", claimSet{"exp": absent}, "exp is not a number"),
		claimed("exp null", claimSet{"exp": nil}, "exp is not a number"),
		claimed("exp a string", claimSet{"exp": "1714568400"}, "exp is not a number"),
		claimed("exp true", claimSet{"exp": true}, "exp is not a number"),
		claimed("exp a list", claimSet{"exp": []int64{now + 60}}, "exp is not a number"),
		claimed("exp 0", claimSet{"exp": 0}, "it expired"),
		claimed("exp past", claimSet{"exp": now - 1}, "it expired"),
		claimed("exp now", claimSet{"exp": now}, "it expired"),
		claimed("exp negative", claimSet{"exp": -1}, "exp is out of range"),
		claimed("exp minus zero", claimSet{"exp": raw("-0")}, "it expired"),
		{"exp NaN", sign(ourKey, goodHeader().String(), `{"exp":NaN,`+goodClaims().with(claimSet{"exp": absent}).String()[1:]), "at byte"},
		claimed("exp a string of NaN", claimSet{"exp": "NaN"}, "exp is not a number"),
		claimed("exp over every float", claimSet{"exp": raw("1e400")}, "exp is out of range"),
		claimed("exp over every date", claimSet{"exp": raw("1e300")}, "exp is out of range"),
		claimed("exp over an int64", claimSet{"exp": raw("9223372036854775808")}, "exp is out of range"),
		claimed("exp in milliseconds", claimSet{"exp": (now + 60) * 1000}, "exp is out of range"),
		claimed("exp 24 h and a second after iat", claimSet{"iat": now, "exp": now + 86401}, "longer than 24h"),
		claimed("no iat", claimSet{"iat": absent}, "iat is not a number"),
		claimed("iat a string", claimSet{"iat": "1714564740"}, "iat is not a number"),
		claimed("iat 0", claimSet{"iat": 0}, "longer than 24h"),
		claimed("iat negative", claimSet{"iat": -5}, "iat is out of range"),
		claimed("iat 61 s in the future", claimSet{"iat": now + 61}, "iat is in the future"),
		claimed("iat at exp", claimSet{"iat": now + 30, "exp": now + 30}, "iat is not before exp"),
		claimed("iat after exp", claimSet{"iat": now + 31, "exp": now + 30}, "iat is not before exp"),
		claimed("nbf 61 s in the future", claimSet{"nbf": now + 61}, "nbf is in the future"),
		claimed("nbf a string", claimSet{"nbf": "x"}, "nbf is not a number"),
		claimed("nbf null", claimSet{"nbf": nil}, "nbf is not a number"),
		claimed("auth_time 61 s in the future", claimSet{"auth_time": now + 61}, "auth_time is in the future"),
		claimed("auth_time a string", claimSet{"auth_time": "x"}, "auth_time is not a number"),
	}
}

func tokenUses() []token {
	return []token{
		claimed("id", claimSet{"token_use": "id", "aud": client}, `token_use is "id"`),
		claimed("refresh", claimSet{"token_use": "refresh"}, `token_use is "refresh"`),
		claimed("absent", claimSet{"token_use": absent}, "token_use is absent"),
		claimed("in capitals", claimSet{"token_use": "ACCESS"}, `token_use is "ACCESS"`),
		claimed("a list", claimSet{"token_use": []string{"access", "id"}}, "token_use is a []"),
	}
}

func tokenClients() []token {
	return []token{
		claimed("another", claimSet{"client_id": "another"}, `client_id is "another"`),
		claimed("absent, with an aud", claimSet{"client_id": absent, "aud": client}, "client_id is absent"),
		claimed("empty", claimSet{"client_id": ""}, `client_id is ""`),
		claimed("a list", claimSet{"client_id": []string{client}}, "client_id is a []"),
		claimed("a longer one", claimSet{"client_id": client + "0"}, "is not an accepted client"),
	}
}

func tokenSubjects() []token {
	const reason = "sub is not"
	return []token{
		claimed("absent", claimSet{"sub": absent}, reason),
		claimed("null", claimSet{"sub": nil}, reason),
		claimed("empty", claimSet{"sub": ""}, reason),
		claimed("a number", claimSet{"sub": 1}, reason),
		claimed("a list", claimSet{"sub": []string{userID}}, reason),
		claimed("129 bytes", claimSet{"sub": strings.Repeat("a", 129)}, reason),
		claimed("a line break", claimSet{"sub": userID + "\n"}, reason),
		claimed("a NUL", claimSet{"sub": "\x00" + userID}, reason),
		claimed("DEL", claimSet{"sub": userID + "\x7f"}, reason),
		claimed("a C1 control", claimSet{"sub": userID + "\u0085"}, reason),
	}
}
