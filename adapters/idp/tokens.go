package idp

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// commonClaims are the claims that Cognito's access and ID tokens have in common.
type commonClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Use      string `json:"token_use"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"` // all times in seconds since 1970
	Expires  int64  `json:"exp"`
	AuthTime int64  `json:"auth_time"` // when the user sent the password
}

// accessClaims are the claims of an access token, for the API.
type accessClaims struct {
	commonClaims
	ClientID string `json:"client_id"`
	Username string `json:"username"`
}

// idClaims are the claims of an ID token, which describe the user to the client.
type idClaims struct {
	commonClaims
	Audience      string `json:"aud"`
	Username      string `json:"cognito:username"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified"`
}

const (
	useAccess = "access"
	useID     = "id"
)

// issue creates the access and ID tokens of user, who sent the password at authTime.
func (p *Provider) issue(user ports.StoredUser, authTime time.Time) (ports.Tokens, error) {
	access, err := p.keys.sign(accessClaims{
		commonClaims: p.claims(user, useAccess, authTime),
		ClientID:     p.clientID,
		Username:     user.Subject,
	})
	if err != nil {
		return ports.Tokens{}, identityError(err)
	}
	id, err := p.keys.sign(idClaims{
		commonClaims:  p.claims(user, useID, authTime),
		Audience:      p.clientID,
		Username:      user.Subject,
		Email:         user.Email.String(),
		EmailVerified: hasVerifiedEmail(user),
	})
	if err != nil {
		return ports.Tokens{}, identityError(err)
	}
	return ports.Tokens{Access: domain.NewSecret(access), ID: domain.NewSecret(id), ExpiresIn: p.accessTTL, Type: "Bearer"}, nil
}

func (p *Provider) claims(user ports.StoredUser, use string, authTime time.Time) commonClaims {
	now := p.now()
	return commonClaims{
		Issuer:   Issuer,
		Subject:  user.Subject,
		Use:      use,
		ID:       uuid.NewString(),
		IssuedAt: now.Unix(),
		Expires:  now.Add(p.accessTTL).Unix(),
		AuthTime: authTime.Unix(),
	}
}

// Verify implements [ports.TokenVerifier] for the provider's own access tokens, without
// a key set. Package tokens verifies them for the API, and those of
// other providers, by stricter rules.
func (p *Provider) Verify(ctx context.Context, access domain.Secret) (ports.Caller, error) {
	if err := ctx.Err(); err != nil {
		return ports.Caller{}, err
	}
	payload, ours := p.keys.verify(access.Reveal())
	if !ours {
		return ports.Caller{}, invalidToken("it has no signature of ours")
	}
	var claims accessClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return ports.Caller{}, invalidToken("its claims are of another form")
	}
	expiresAt := time.Unix(claims.Expires, 0).UTC()
	switch {
	case claims.Issuer != Issuer || claims.Use != useAccess || claims.ClientID != p.clientID:
		return ports.Caller{}, invalidToken("it is not an access token of this provider and client")
	case !p.now().Before(expiresAt):
		return ports.Caller{}, invalidToken("it expired at " + expiresAt.Format(time.RFC3339))
	}
	identity, err := domain.NewIdentity(ProviderName, claims.Subject)
	if err != nil {
		return ports.Caller{}, invalidToken(err.Error())
	}
	return ports.NewCaller(identity, access, expiresAt), nil
}

// tokenHeader encodes the header that all tokens of one key share, as minimal as Cognito's.
func tokenHeader(kid string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"` + kid + `"}`))
}

// sign encodes claims as a JWT in the compact serialization of RFC 7515, section
// 7.1, under RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
func (k *Keys) sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := k.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.signing, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// verify returns the payload of a token that sign created. All of them have the same
// header, so a token cannot choose how it is verified.
func (k *Keys) verify(token string) (payload []byte, ours bool) {
	header, rest, _ := strings.Cut(token, ".")
	body, tail, _ := strings.Cut(rest, ".")
	if header != k.header || len(tail) != base64.RawURLEncoding.EncodedLen(k.signing.Size()) {
		return nil, false
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(tail)
	if err != nil {
		return nil, false
	}
	digest := sha256.Sum256([]byte(header + "." + body))
	if rsa.VerifyPKCS1v15(k.PublicKey(), crypto.SHA256, digest[:], signature) != nil {
		return nil, false
	}
	payload, err = base64.RawURLEncoding.Strict().DecodeString(body)
	return payload, err == nil
}

const (
	refreshPrefix = "pwr_" // lets scanners for leaked secrets find it
	refreshRandom = 32     // bytes
	refreshSize   = refreshRandom + 8
)

// newRefreshToken generates a random token that contains the time when the user sent the
// password. The store's hash covers the whole token, so it authenticates the time, too.
func newRefreshToken(authTime time.Time) domain.Secret {
	raw := make([]byte, refreshRandom, refreshSize)
	rand.Read(raw) // never fails
	raw = binary.BigEndian.AppendUint64(raw, uint64(authTime.Unix()))
	return domain.NewSecret(refreshPrefix + base64.RawURLEncoding.EncodeToString(raw))
}

// parseRefreshToken returns when the user sent the password. ok reports whether token has newRefreshToken's form.
func parseRefreshToken(token domain.Secret) (authTime time.Time, ok bool) {
	encoded, found := strings.CutPrefix(token.Reveal(), refreshPrefix)
	if !found || len(encoded) != base64.RawURLEncoding.EncodedLen(refreshSize) {
		return time.Time{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != refreshSize {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[refreshRandom:])), 0), true
}
