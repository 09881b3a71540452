package s3

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/auth"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// endpoint is the address of a bucket, with the region and service that its requests are signed for.
type endpoint struct {
	scheme, host string
	path         string // escaped, ends with a slash; contains the bucket's name unless the host does
	region       string
	service      string
}

// errBucketKind refuses a directory bucket or a multi-region access point.
var errBucketKind = errors.New("only a bucket whose requests are signed with Signature Version 4 can be used")

// resolve applies the SDK's rules for the bucket's endpoint: path or host style,
// dots in the name, the SDK's environment variables.
func resolve(ctx context.Context, o s3.Options, bucket string) (endpoint, error) {
	resolved, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket:                         &bucket,
		Region:                         &o.Region,
		Endpoint:                       o.BaseEndpoint,
		ForcePathStyle:                 &o.UsePathStyle,
		Accelerate:                     &o.UseAccelerate,
		UseFIPS:                        aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack:                   aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseArnRegion:                   &o.UseARNRegion,
		DisableMultiRegionAccessPoints: &o.DisableMultiRegionAccessPoints,
	})
	if err != nil {
		return endpoint{}, fmt.Errorf("s3: bucket %q: %w", bucket, err)
	}
	schemes, _ := auth.GetAuthOptions(&resolved.Properties)
	i := slices.IndexFunc(schemes, func(s *auth.Option) bool { return s.SchemeID == "sigv4" })
	if i < 0 {
		return endpoint{}, fmt.Errorf("s3: bucket %q: %w", bucket, errBucketKind)
	}
	region, _ := smithyhttp.GetSigV4SigningRegion(&schemes[i].SignerProperties)
	service, _ := smithyhttp.GetSigV4SigningName(&schemes[i].SignerProperties)
	return endpoint{
		scheme:  resolved.URI.Scheme,
		host:    hostHeader(resolved.URI.Scheme, resolved.URI.Host),
		path:    strings.TrimSuffix(resolved.URI.EscapedPath(), "/") + "/",
		region:  region,
		service: service,
	}, nil
}

// hostHeader omits a scheme's default port, as HTTP clients do in the Host header,
// which the signature covers.
func hostHeader(scheme, host string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	default:
		return strings.TrimSuffix(host, ":443")
	}
}
