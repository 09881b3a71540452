package pg

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/partywall-go/partywall/domain"
)

const scramIterations = 4096 // PostgreSQL's default; the passwords are random

// DerivedPassword is the password of a login of ours: every process that has
// the secret derives it, and none stores it.
func DerivedPassword(secret domain.Secret, login string) domain.Secret {
	return domain.NewSecret(base64.RawURLEncoding.EncodeToString(derive(secret, "password", login)))
}

// ScramVerifier is what PostgreSQL stores of the login's derived password (RFC
// 5803): statements are logged, and a verifier doesn't reveal the password. Its
// salt is derived too, so that a repeated setup changes nothing.
func ScramVerifier(secret domain.Secret, login string) (string, error) {
	return ScramVerifierOf(DerivedPassword(secret, login), derive(secret, "salt", login)[:SaltLen])
}

// SaltLen is the length of a salt, PostgreSQL's own.
const SaltLen = 16

// ScramVerifierOf is what PostgreSQL stores of a password.
func ScramVerifierOf(password domain.Secret, salt []byte) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password.Reveal(), salt, scramIterations, sha256.Size)
	if err != nil {
		return "", err
	}
	storedKey := sha256.Sum256(hmacSHA256(salted, "Client Key"))
	serverKey := hmacSHA256(salted, "Server Key")
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramIterations, encode(salt), encode(storedKey[:]), encode(serverKey)), nil
}

func derive(secret domain.Secret, purpose, login string) []byte {
	return hmacSHA256([]byte(secret.Reveal()), "partywall "+purpose+" "+login)
}

func hmacSHA256(key []byte, message string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(message))
	return mac.Sum(nil)
}
