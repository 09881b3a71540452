package cognito_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/partywall-go/partywall/adapters/tokens"
)

// TestIssuersOfEveryPartition compares the issuers of accepted tokens with the
// endpoints of the SDK.
func TestIssuersOfEveryPartition(t *testing.T) {
	for _, region := range []string{
		"us-east-1", "eu-central-1", "ap-southeast-7", "mx-central-1", "us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1",
		"us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isof-south-1", "us-isof-east-1", "eu-isoe-west-1", "eusc-de-east-1",
	} {
		at, err := cognitoidentityprovider.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), cognitoidentityprovider.EndpointParameters{Region: aws.String(region)})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := tokens.CognitoURLs(region, region+"_abc")[0], at.URI.String()+"/"+region+"_abc"; got != want {
			t.Errorf("the issuer of %s is %s, want %s", region, got, want)
		}
	}
}
