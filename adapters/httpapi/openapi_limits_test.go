package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

func TestTheDocumentHasTheBoundsOfTheCode(t *testing.T) {
	for pointer, want := range map[string]any{
		"/parameters/Limit/schema/default":                            domain.DefaultPage,
		"/parameters/Limit/schema/maximum":                            domain.MaxPage,
		"/parameters/Sub/schema/maxLength":                            domain.MaxIdentityPartLen,
		"/schemas/Sub/maxLength":                                      domain.MaxIdentityPartLen,
		"/schemas/Members/properties/items/maxItems":                  domain.MaxPage,
		"/schemas/Invitations/properties/items/maxItems":              domain.MaxPage,
		"/schemas/Password/maxLength":                                 domain.MaxPasswordLen,
		"/schemas/Token/maxLength":                                    domain.MaxTokenLen,
		"/schemas/TenantLimits/properties/maxRequests/maximum":        domain.MostOfLimit,
		"/schemas/TenantLimits/properties/maxConnections/maximum":     domain.MostOfLimit,
		"/schemas/TenantLimitsEdit/properties/maxRequests/maximum":    domain.MostOfLimit,
		"/schemas/TenantLimitsEdit/properties/maxConnections/maximum": domain.MostOfLimit,
		"/schemas/Invite/properties/expiresIn/minimum":                int64(domain.MinInvitationLife / time.Second),
		"/schemas/Invite/properties/expiresIn/maximum":                int64(domain.MaxInvitationLife / time.Second),
		"/schemas/Invite/properties/expiresIn/default":                int64(domain.DefaultInvitationLife / time.Second),
		"/schemas/Upload/properties/size/maximum":                     int64(ports.MaxUploadSize),
	} {
		if got := theContract().at("/components" + pointer).value; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, the code has %v", pointer, got, want)
		}
	}
}

func TestTheDocumentHasTheLimitsOfTheCode(t *testing.T) {
	text := strings.Join(strings.Fields(theContract().at("/info/description").text()), " ")
	for _, want := range []string{
		fmt.Sprintf("From one address: %d new tenants and %d requests", tenants.CreationsPerAddress, identities.RequestsPerAddress),
		fmt.Sprintf("For one e-mail address and purpose: %d a minute from one address", identities.RequestsPerEmail),
		fmt.Sprintf("%d wrong passwords or codes in 10 minutes, and %d mails an hour", identities.FailuresPerEmail, identities.MailsPerEmail),
		fmt.Sprintf("creates or claims %d tenants a minute, and owns %d by default", tenants.CreationsPerIdentity, tenants.DefaultTenantsPerOwner),
		fmt.Sprintf("%d claim tokens of one user and %d from one address are refused a minute", tenants.CreationsPerIdentity, tenants.ClaimsPerAddress),
		fmt.Sprintf("From one address, %d tokens of invitations are refused a minute", invitations.TokensPerAddress),
		fmt.Sprintf("A tenant sends %d invitations by mail an hour, and an e-mail address gets %d a day", ports.MaxTenantMails, ports.MaxAddressMails),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
}
