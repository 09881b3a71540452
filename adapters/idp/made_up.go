package idp

import (
	"time"

	"github.com/google/uuid"

	"github.com/partywall-go/partywall/domain"
)

// ClientID is the "client_id" that an installation's own tokens have.
const ClientID = "partywall"

// MadeUpTTL is how long the tokens of [Keys.MadeUpToken] are good.
const MadeUpTTL = time.Hour

// MadeUpToken signs an access token, issued at now, for a user whom nobody signed
// up: a test's way to be anybody. Whoever verifies tokens with these keys
// believes it.
func (k *Keys) MadeUpToken(subject string, now time.Time) (domain.Secret, error) {
	token, err := k.sign(accessClaims{
		commonClaims: commonClaims{
			Issuer:   Issuer,
			Subject:  subject,
			Use:      useAccess,
			ID:       uuid.NewString(),
			IssuedAt: now.Unix(),
			Expires:  now.Add(MadeUpTTL).Unix(),
			AuthTime: now.Unix(),
		},
		ClientID: ClientID,
		Username: subject,
	})
	if err != nil {
		return domain.Secret{}, err
	}
	return domain.NewSecret(token), nil
}
