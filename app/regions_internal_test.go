package app

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/domain"
)

func TestEachServiceHasItsRegion(t *testing.T) {
	for _, c := range []struct {
		name                       string
		env                        map[string]string
		identities, objects, mails string
	}{
		{"AWS_REGION alone", map[string]string{"AWS_REGION": "eu-central-1"}, "eu-west-1", "eu-central-1", "eu-central-1"},
		{"none but the pool's", map[string]string{"S3_REGION": "us-east-1", "SES_REGION": "us-west-2"}, "eu-west-1", "us-east-1", "us-west-2"},
		{"the pool's alone", nil, "eu-west-1", "eu-west-1", "eu-west-1"},
		{"all", map[string]string{"AWS_REGION": "eu-central-1", "S3_REGION": "us-east-1", "SES_REGION": "us-west-2"}, "eu-west-1", "us-east-1", "us-west-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"AWS_REGION", "S3_REGION", "SES_REGION"} {
				t.Setenv(name, c.env[name])
			}
			t.Setenv("COGNITO_USER_POOL_ID", "eu-west-1_abc")
			t.Setenv("COGNITO_CLIENT_ID", "web")
			t.Setenv("S3_BUCKET_NAME", "files")
			t.Setenv("EMAIL_SENDER", "mail@example.com")
			cfg, err := ConfigFromEnv(io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			p := &Partywall{config: cfg.withDefaults()}
			cloud := aws.Config{Region: p.config.Region}
			if got := p.cognitoConfig(cloud).AWS.Region; got != c.identities {
				t.Errorf("the pool is asked in %s", got)
			}
			if got := p.s3Config(cloud).AWS.Region; got != c.objects {
				t.Errorf("the bucket is in %s", got)
			}
			if got := p.sesConfig(cloud).AWS.Region; got != c.mails {
				t.Errorf("mail is sent from %s", got)
			}
		})
	}
	t.Run("a configuration by hand names the pool alone", func(t *testing.T) {
		c := Config{Cognito: Cognito{PoolID: "cn-north-1_abc", ClientID: "web"}}.withDefaults()
		if c.Region != "cn-north-1" || c.Cognito.Issuer != "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_abc" || c.Cognito.JWKSURL != c.Cognito.Issuer+"/.well-known/jwks.json" {
			t.Errorf("got %s, %+v", c.Region, c.Cognito)
		}
	})
}

func TestSignedURLsLeadToThePublicEndpoint(t *testing.T) {
	t.Setenv("S3_BUCKET_NAME", "files")
	t.Setenv("S3_REGION", "us-east-1")
	t.Setenv("DB_HOST", "")
	for value, valid := range map[string]bool{"https://files.example.com": true, "https://example.com/store/": true, "files.example.com": false, "ftp://files": false, "https://u:secret@files": false, "https://files?x": false} {
		t.Setenv("S3_PUBLIC_ENDPOINT", value)
		cfg, err := ConfigFromEnv(io.Discard)
		if (err == nil) != valid {
			t.Errorf("%s: %v", value, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the secret is shown: %v", value, err)
		}
		if valid {
			p := &Partywall{config: cfg.withDefaults()}
			if got := p.s3Config(aws.Config{}).PublicEndpoint; got == nil || got.String() != value {
				t.Errorf("%s: URLs lead to %v", value, got)
			}
		}
	}
}

// TestTokensOfOtherClients verifies tokens of several app clients of a pool. The
// API itself signs users in with one of them.
func TestTokensOfOtherClients(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}})
	}))
	t.Cleanup(server.Close)
	p := &Partywall{config: Config{Cognito: Cognito{
		PoolID: "local_abc", ClientID: "web", ExtraClientIDs: []string{"ios", "android"}, Issuer: server.URL + "/local_abc", JWKSURL: server.URL,
	}}.withDefaults()}
	t.Cleanup(func() { _ = p.Close() })
	signIn, err := p.openCognito(aws.Config{Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	for client, accepted := range map[string]bool{"web": true, "ios": true, "android": true, "another": false, "": false} {
		now := time.Now().Unix()
		payload, err := json.Marshal(map[string]any{
			"iss": p.config.Cognito.Issuer, "sub": "ada", "client_id": client, "token_use": "access", "iat": now - 1, "exp": now + 600, "jti": "1", "username": "ada",
		})
		if err != nil {
			t.Fatal(err)
		}
		signed := encode([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + encode(payload)
		sum := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(30 * time.Second) // for the keys to be fetched
		for {
			_, err = signIn.verifier.Verify(t.Context(), domain.NewSecret(signed+"."+encode(signature)))
			if !errors.Is(err, domain.Unavailable) || time.Now().After(deadline) {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if (err == nil) != accepted {
			t.Errorf("a token of client %q: %v", client, err)
		}
	}
}
