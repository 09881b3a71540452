package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports/doctor"
)

// checks returns the checks that need only the configuration.
func (c Config) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "built-in", About: "real parts are not combined with built-in ones", Run: c.checkBuiltIn},
		{Name: "tenant-creation", About: "the public cannot create tenants, and an authorized caller can", Run: c.checkTenantCreation},
		{Name: "public-url", About: "`PUBLIC_URL` is https, and leads here from elsewhere", Run: c.checkPublicURL},
		{Name: "proxies", About: "`TRUSTED_PROXIES` names the proxies behind an https `PUBLIC_URL`, and trusts no more than some networks", Run: c.checkProxies},
		{Name: "origins", About: "`CORS_ALLOW_ORIGINS` names pages that came by TLS", Run: c.checkOrigins},
		{Name: "upload-size", About: "uploads have a limit in the bucket", Run: c.checkUploadSize},
		{Name: "mail", About: "mail is sent, not logged", Run: c.checkMail},
		{Name: "log-level", About: "`LOG_LEVEL` is `info`: the log keeps what an audit needs, and no more", Run: c.checkLogLevel},
	}
}

// isTrial reports whether all parts are built in, as on a developer's machine.
func (c Config) isTrial() bool { return len(c.BuiltIn()) == 3 }

func (c Config) checkBuiltIn(context.Context) (doctor.Finding, error) {
	switch builtIn := c.BuiltIn(); len(builtIn) {
	case 0:
		return doctor.Pass("nothing is built in"), nil
	case 3:
		return doctor.Pass("all parts are built in, as for a trial: a real installation has more to check"), nil
	default:
		variable := map[string]string{"database": "DB_HOST", "identities": "COGNITO_USER_POOL_ID", "files": "S3_BUCKET_NAME"}
		var missing []string
		for _, part := range builtIn {
			missing = append(missing, variable[part])
		}
		return doctor.Warn("built in, beside real parts: "+strings.Join(builtIn, ", "), "set "+strings.Join(missing, ", ")+", or start with --mixed if that is meant"), nil
	}
}

func (c Config) checkTenantCreation(context.Context) (doctor.Finding, error) {
	switch {
	case c.TenantCreation == tenants.OperatorOnly && c.OperatorKeys.IsZero():
		return doctor.Fail("TENANT_CREATION is operator and there is no OPERATOR_TOKEN: tenants are created on the database alone, with: "+c.program()+" tenants create",
			"set OPERATOR_TOKEN to what this prints: openssl rand -hex 32"), nil
	case c.TenantCreation == tenants.Open && !c.isTrial():
		return doctor.Warn("anyone can make tenants, and take IDs and room", "set TENANT_CREATION to authenticated, or to operator, with an OPERATOR_TOKEN"), nil
	}
	return doctor.Pass("TENANT_CREATION=" + string(c.TenantCreation)), nil
}

func (c Config) checkPublicURL(context.Context) (doctor.Finding, error) {
	loopback := domain.IsLoopback(c.PublicURL.Hostname())
	switch {
	case loopback && c.isTrial() && !domain.IsLoopback(c.ListenHost()):
		return doctor.Warn("HOST="+c.Host+" lets other machines call, but links in mails and file URLs lead them to "+c.PublicURL.String()+", which is their own machine",
			"set PUBLIC_URL to the address that callers use: one with TLS, such as https://api.example.com, or for a trial in a network of your own one such as http://192.0.2.1:"+strconv.Itoa(c.Port)), nil
	case loopback && c.isTrial():
		return doctor.Pass("PUBLIC_URL=" + c.PublicURL.String()), nil
	case loopback:
		return doctor.Warn("links in mails lead to "+c.PublicURL.String()+", which is the reader's own machine", "set PUBLIC_URL to the address that callers use, such as https://api.example.com"), nil
	case c.PublicURL.Scheme != "https" && c.isTrial():
		return doctor.Warn("tokens and passwords go to "+c.PublicURL.String()+" in the open, which only a trial in a network of your own can do", "put TLS before the server, and set PUBLIC_URL to the https address"), nil
	case c.PublicURL.Scheme != "https":
		return doctor.Fail("tokens and passwords go to "+c.PublicURL.String()+" in the open", "put TLS before the server, and set PUBLIC_URL to the https address"), nil
	}
	return doctor.Pass("PUBLIC_URL=" + c.PublicURL.String()), nil
}

const (
	allAreOneAddress = "all callers may count as one address, and lock each other out: PUBLIC_URL is https, so that something stands in front, and TRUSTED_PROXIES names nothing"
	nameProxies      = "set TRUSTED_PROXIES to the addresses from which the load balancer or proxy connects, or to none if callers connect to this process itself"
)

// missesProxies reports whether callers come through a proxy that the configuration does
// not name. The program itself does not serve TLS.
func (c Config) missesProxies() bool {
	return c.PublicURL != nil && c.PublicURL.Scheme == "https" && !domain.IsLoopback(c.PublicURL.Hostname()) && c.TrustedProxies == nil
}

// The widest networks that an operator's own proxies are likely to have. 10.0.0.0/8
// and fc00::/7 are private networks.
const (
	widestIPv4 = 8
	widestIPv6 = 7
)

func (c Config) checkProxies(context.Context) (doctor.Finding, error) {
	if c.missesProxies() {
		return doctor.Warn(allAreOneAddress, nameProxies), nil
	}
	for _, network := range c.TrustedProxies {
		widest := widestIPv6
		if network.Addr().Is4() {
			widest = widestIPv4
		}
		if network.Bits() < widest {
			return doctor.Fail(fmt.Sprintf("callers choose the address that they are limited by: %s is most of the Internet", network), "set TRUSTED_PROXIES to the load balancer's subnets alone"), nil
		}
	}
	return doctor.Pass("no network is trusted that is too wide"), nil
}

func (c Config) checkOrigins(context.Context) (doctor.Finding, error) {
	for _, origin := range c.AllowOrigins {
		u, err := url.Parse(origin)
		if err != nil {
			return doctor.Finding{}, err
		}
		if u.Scheme == "http" && !c.isTrial() { // pages of an app's own scheme do not come over a network
			return doctor.Warn("an attacker on the network can change the pages of "+origin+", which may call the API", "take it out of CORS_ALLOW_ORIGINS, or serve it by https"), nil
		}
	}
	return doctor.Pass("no page is named that came without TLS"), nil
}

func (c Config) checkUploadSize(context.Context) (doctor.Finding, error) {
	if !c.Memory && c.S3.Bucket != "" && !c.UploadRequireSize {
		return doctor.Warn(fmt.Sprintf("S3 cannot enforce UPLOAD_MAX_SIZE=%d for an upload without a size: it accepts 5 GiB", c.UploadMaxSize), "set UPLOAD_REQUIRE_SIZE=true, and have clients send size"), nil
	}
	return doctor.Pass(fmt.Sprintf("no upload is larger than UPLOAD_MAX_SIZE=%d", c.UploadMaxSize)), nil
}

func (c Config) checkMail(context.Context) (doctor.Finding, error) {
	sends := c.usesAWS()
	switch {
	case c.Mail != nil:
		return doctor.Pass("the product sends the mail"), nil
	case !sends && !c.EmailSender.IsZero():
		return doctor.Fail(fmt.Sprintf("EMAIL_SENDER is %s, but mail goes to the log: it is sent only where COGNITO_USER_POOL_ID or S3_BUCKET_NAME is set", c.EmailSender),
			"unset EMAIL_SENDER, or set COGNITO_USER_POOL_ID or S3_BUCKET_NAME"), nil
	case sends && c.EmailSender.IsZero():
		return doctor.Warn("invitations and other mails reach no one, because mail goes to the log", "set EMAIL_SENDER to an address that is verified in SES"), nil
	}
	return doctor.Pass("mail goes where it is meant to"), nil
}

func (c Config) checkLogLevel(ctx context.Context) (doctor.Finding, error) {
	switch log := c.logger(); {
	case c.isTrial():
	case log.Enabled(ctx, slog.LevelDebug):
		return doctor.Warn("the log contains more about users than necessary", "set LOG_LEVEL=info"), nil
	case !log.Enabled(ctx, slog.LevelInfo):
		return doctor.Warn("the log does not record which tenants an operator entered, and why", "set LOG_LEVEL=info"), nil
	}
	return doctor.Pass("the log contains no more than necessary"), nil
}
