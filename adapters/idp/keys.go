package idp

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
)

// Keys contains the secrets of one installation: the RSA key that signs its tokens,
// and the secrets of its codes and URLs. Build it with [OpenKeys] or [NewKeys].
type Keys struct {
	signing *rsa.PrivateKey
	kid     string // names signing in tokens and in the key set
	header  string // of every token, encoded
	jwks    []byte
	codes   []byte // keys the hashes of codes
	urls    []byte
}

const (
	signingKeyBits = 2048
	secretSize     = 32

	signingKeyFile = "signing-key.pem"
	secretFile     = "secret.pem"

	signingKeyBlock = "PRIVATE KEY" // PKCS #8, RFC 7468 section 10
	secretBlock     = "PARTYWALL SECRET"
)

// NewKeys generates keys that are lost when the process ends. All tokens and URLs
// signed with them become invalid then.
func NewKeys() (*Keys, error) {
	signing, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	secret, err := newSecret()
	if err != nil {
		return nil, err
	}
	return keysFrom(signing, secret)
}

// OpenKeys returns the keys that are stored in dir, and generates them if there are
// none. The folder and its files are closed to other users. If another user
// made one of them, or could replace it, OpenKeys returns an error, because tokens signed
// with that key would be accepted. Several processes that generate keys at the same time
// all get the same ones. The error is one line that names the file at fault.
func OpenKeys(dir string) (*Keys, error) {
	dir, err := closedFolder(dir)
	if err != nil {
		return nil, err
	}
	signingPath, secretPath := filepath.Join(dir, signingKeyFile), filepath.Join(dir, secretFile)
	signing, err := keptOrNew(signingPath, signingKeyBlock, newSigningKey)
	if err != nil {
		return nil, err
	}
	secret, err := keptOrNew(secretPath, secretBlock, newSecret)
	if err != nil {
		return nil, err
	}
	keys, err := keysFrom(signing, secret)
	if err != nil {
		return nil, fmt.Errorf("the keys in %s are broken: %w; %s", dir, err, cure)
	}
	return keys, nil
}

// URLSecret returns 32 bytes to sign URLs with.
func (k *Keys) URLSecret() []byte { return k.urls }

// PublicKey returns the key that verifies tokens.
func (k *Keys) PublicKey() *rsa.PublicKey { return &k.signing.PublicKey }

// KeyID returns the key's RFC 7638 thumbprint: the "kid" of tokens and of the key set.
func (k *Keys) KeyID() string { return k.kid }

func newSigningKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, signingKeyBits)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

func newSecret() ([]byte, error) {
	secret := make([]byte, secretSize)
	rand.Read(secret) // never fails
	return secret, nil
}

// keysFrom builds keys from the signing key in PKCS #8 and from the secret that all others derive from.
func keysFrom(signing, secret []byte) (*Keys, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(signing)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", signingKeyFile, err)
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA || key.N.BitLen() < signingKeyBits {
		return nil, fmt.Errorf("%s holds no RSA key of at least %d bits", signingKeyFile, signingKeyBits)
	}
	if len(secret) != secretSize {
		return nil, fmt.Errorf("%s holds %d bytes, not %d", secretFile, len(secret), secretSize)
	}
	codes, codesErr := hkdf.Expand(sha256.New, secret, "partywall codes", sha256.Size)
	urls, urlsErr := hkdf.Expand(sha256.New, secret, "partywall urls", sha256.Size)
	if err := errors.Join(codesErr, urlsErr); err != nil {
		return nil, err
	}
	jwk := publicJWK(&key.PublicKey)
	return &Keys{signing: key, kid: jwk.KeyID, header: tokenHeader(jwk.KeyID), jwks: keySet(jwk), codes: codes, urls: urls}, nil
}

// encodeBlock encodes der as a PEM file.
func encodeBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
