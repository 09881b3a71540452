package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// A challenge has to be answered under the user name that the pool sent with it
// (USER_ID_FOR_SRP). That is not the address that the user signed in with, and
// SECRET_HASH has to be computed from it. This package keeps nothing between the two
// requests, so the name is part of the session:
//
//	base64url(HMAC) "." base64url(user name) "." session
//
// The HMAC binds all three to the address. Without it, a client could make its guesses
// at one account count against the addresses of others. Its key is the client's secret.
// A client without a secret gains nothing from the HMAC, because anyone with its ID can
// ask the pool directly.

func (p *Provider) sealSession(email domain.Email, username, session string) domain.Secret {
	encode := base64.RawURLEncoding.EncodeToString
	return domain.NewSecret(encode(p.sealMAC(email, username, session)) + "." + encode([]byte(username)) + "." + session)
}

func (p *Provider) unsealSession(email domain.Email, sealed domain.Secret) (username, session string, ok bool) {
	decode := base64.RawURLEncoding.Strict().DecodeString
	parts := strings.SplitN(sealed.Reveal(), ".", 3)
	if len(parts) != 3 {
		return "", "", false
	}
	mac, err := decode(parts[0])
	if err != nil {
		return "", "", false
	}
	name, err := decode(parts[1])
	if err != nil {
		return "", "", false
	}
	username, session = string(name), parts[2]
	return username, session, hmac.Equal(mac, p.sealMAC(email, username, session))
}

func (p *Provider) sealMAC(email domain.Email, username, session string) []byte {
	mac := hmac.New(sha256.New, []byte(p.secret.Reveal()))
	for _, part := range []string{"partywall challenge", p.client, email.Key(), username, session} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}
