package realservers_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/realservers"
)

var objects = realservers.Shared[*realservers.ObjectServer]{Start: realservers.StartS3}

func TestMain(m *testing.M) {
	code := m.Run()
	objects.Close()
	os.Exit(code)
}

func TestCognitoLocal(t *testing.T) {
	cognito := realservers.CognitoLocal(t)
	client := cognito.Client()
	email, password := aws.String("ada@example.com"), aws.String("Correct-Horse-1")
	_, err := client.SignUp(t.Context(), &cognitoidentityprovider.SignUpInput{
		ClientId: &cognito.ClientID, Username: email, Password: password,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: email}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ConfirmSignUp(t.Context(), &cognitoidentityprovider.ConfirmSignUpInput{
		ClientId: &cognito.ClientID, Username: email, ConfirmationCode: aws.String(realservers.CognitoCode),
	})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := client.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		ClientId: &cognito.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": *email, "PASSWORD": *password},
	})
	if err != nil {
		t.Fatal(err)
	}
	if tokens.AuthenticationResult == nil {
		t.Fatal("signing in returned no tokens")
	}
	if keys := get(t, cognito.JWKSURL); !strings.Contains(keys, `"keys"`) {
		t.Errorf("the key set is %s", keys)
	}
}

func TestS3(t *testing.T) {
	server := objects.Get(t)
	if objects.Get(t) != server {
		t.Error("a shared server was started twice")
	}
	client := server.Client()
	key := aws.String("acme/hello.txt")
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &server.Bucket, Key: key, Body: strings.NewReader("hello")}); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &server.Bucket, Key: key}); err == nil {
		t.Error("a stopped server answers")
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &server.Bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	if text, err := io.ReadAll(object.Body); string(text) != "hello" {
		t.Errorf("got %q, %v", text, err)
	}
	stranger := *server
	stranger.SecretKey = "wrong"
	if _, err := stranger.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &server.Bucket, Key: key}); err == nil {
		t.Error("a wrong signature is taken")
	}
}

func TestPostgreSQL18BehindPgBouncer(t *testing.T) {
	upstream, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{BinDir: realservers.PostgreSQL18(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	pooler := realservers.PgBouncer(t, realservers.Upstream{
		Host: upstream.Host, Port: upstream.Port, Superuser: "postgres", Password: upstream.SuperuserPassword, PoolSize: 1,
	})
	connector, err := pq.NewConnectorConfig(pq.Config{
		Host: pooler.Host, Port: uint16(pooler.Port), User: upstream.User, Password: upstream.Password.Reveal(),
		Database: "postgres", SSLMode: pq.SSLModeDisable,
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()

	t.Run("it is version 18", func(t *testing.T) {
		if version := ask(t, db, "SHOW server_version"); !strings.HasPrefix(version, "18.") {
			t.Errorf("it is %s", version)
		}
	})
	t.Run("two clients share a connection to the server between transactions", func(t *testing.T) {
		one, two := conn(t, db), conn(t, db)
		if a, b := ask(t, one, "SELECT pg_backend_pid()"), ask(t, two, "SELECT pg_backend_pid()"); a != b {
			t.Errorf("backends %s and %s", a, b)
		}
	})
}

func TestServersEndWithTheirTest(t *testing.T) {
	var server *realservers.ObjectServer
	t.Run("inner", func(t *testing.T) { server = realservers.S3(t) })
	if _, err := http.Get(server.Endpoint); err == nil {
		t.Error("it still answers")
	}
}

// TestMissing runs the test binary with an empty PATH and an empty cache.
func TestMissing(t *testing.T) {
	kinds := map[string]error{
		"missing":       &realservers.Missing{Server: "a server", Install: "apt-get install server", Err: io.EOF},
		"not installed": fmt.Errorf("a server: %w", embeddedpg.ErrNoBinaries),
	}
	if os.Getenv("HOME") == "/nonexistent" {
		realservers.Need(t, kinds[os.Getenv("KIND")])
	}
	for kind := range kinds {
		for ci, want := range map[string]string{"": "--- SKIP", "true": "--- FAIL"} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMissing$", "-test.v")
			cmd.Env = []string{"HOME=/nonexistent", "CI=" + ci, "KIND=" + kind}
			out, _ := cmd.CombinedOutput()
			if !bytes.Contains(out, []byte(want)) || !bytes.Contains(out, []byte("apt-get install")) {
				t.Errorf("%s, CI=%q: want %s and how to install it, got\n%s", kind, ci, want, out)
			}
		}
	}
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ask returns the one value that query selects.
func ask(t *testing.T, db queryer, query string) (value string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func conn(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
