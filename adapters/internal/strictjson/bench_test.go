package strictjson_test

import (
	"encoding/json"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

var (
	signIn = []byte(`{"email":"anna@example.com","password":"correct horse battery staple"}`)
	claims = []byte(`{"sub":"2c0a6a1c-7b3b-4a55-9f5e-0a6f3c1f0b1d","iss":"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI",` +
		`"client_id":"1example23456789","origin_jti":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","event_id":"eeeeeeee-bbbb-cccc-dddd-eeeeeeeeeeee",` +
		`"token_use":"access","scope":"aws.cognito.signin.user.admin","auth_time":1700000000,"exp":1700003600,"iat":1700000000,` +
		`"jti":"bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee","username":"2c0a6a1c-7b3b-4a55-9f5e-0a6f3c1f0b1d"}`)
)

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var into credentials
		if err := strictjson.Decode(signIn, &into, maxDepth); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := strictjson.Parse(claims, maxDepth); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodingJSON measures the standard library for the same.
func BenchmarkEncodingJSON(b *testing.B) {
	b.Run("Decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into credentials
			if err := json.Unmarshal(signIn, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into map[string]any
			if err := json.Unmarshal(claims, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}
