package cognito

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// undelivered returns the new user whose confirmation code could not be delivered. The
// pool created the account, but its exception does not contain the subject.
// undelivered looks it up if the credentials allow it, and leaves it zero otherwise.
func (p *Provider) undelivered(ctx context.Context, email domain.Email) ports.CreatedUser {
	if p.admin == nil {
		return ports.CreatedUser{}
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	out, err := send(ctx, p, p.admin.AdminGetUser, &idp.AdminGetUserInput{UserPoolId: &p.pool, Username: aws.String(email.ASCII())})
	if err != nil {
		p.log.LogAttrs(ctx, slog.LevelError, "a new user's subject is unknown",
			slog.String("fix", "allow cognito-idp:AdminGetUser, or repair the delivery of codes"),
			slog.Any("cause", cause("AdminGetUser", err)))
		return ports.CreatedUser{}
	}
	// An account that existed before must never be taken for the one that was just created.
	if out.UserStatus != types.UserStatusTypeUnconfirmed {
		return ports.CreatedUser{}
	}
	identity, err := domain.NewIdentity(p.pool, attribute(out.UserAttributes, "sub"))
	if err != nil {
		return ports.CreatedUser{}
	}
	return ports.CreatedUser{Identity: identity}
}
