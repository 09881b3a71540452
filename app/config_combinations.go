package app

import (
	"cmp"
	"strings"
)

// combinations reports variables that are valid alone but not together.
func (p *parser) combinations(env environment) {
	p.databaseCombinations(env)
	p.cognitoCombinations(env)
	if region(env) == "" && (env.Bucket != "" && env.S3Region == "" || env.EmailSender != "" && env.SESRegion == "" || isEmulated(env)) {
		p.mistake("AWS_REGION", "is needed with S3_BUCKET_NAME, EMAIL_SENDER or the pool of an emulator: write the region, such as eu-central-1")
	}
	if env.Bucket == "" {
		p.needs("S3_REGION or S3_PUBLIC_ENDPOINT", env.S3Region+env.S3PublicEndpoint, "S3_BUCKET_NAME", "name the bucket")
	}
	if env.EmailSender == "" {
		p.needs("SES_REGION", env.SESRegion, "EMAIL_SENDER", "name the address that mail comes from")
	}
	if env.DataDir == "" {
		p.mistake("DATA_DIR", "is the folder of what is built in, such as .partywall, not \"\"")
	}
}

func (p *parser) databaseCombinations(env environment) {
	if env.DBHost == "" {
		p.needs("DB_USER or DB_PASSWORD", env.DBUser+env.DBPassword+env.DBPasswordOld, "DB_HOST", "name the server")
		return
	}
	if env.DBUser == "" {
		p.mistake("DB_USER", "is needed with DB_HOST: name the login that owns everything")
	}
	if env.DBPassword == "" {
		p.needs("DB_PASSWORD_OLD", env.DBPasswordOld, "DB_PASSWORD", "write the new password")
	}
	if env.DBPassword == "" && env.DBGateSecret == "" && env.TenantRoles != "off" {
		p.mistake("DB_GATE_SECRET", "is needed where DB_PASSWORD is empty: the passwords of the tenants' logins are derived from it; make one with: openssl rand -hex 32")
	}
}

func (p *parser) cognitoCombinations(env environment) {
	if env.PoolID == "" {
		p.needs("COGNITO_CLIENT_ID, COGNITO_CLIENT_SECRET or COGNITO_EXTRA_CLIENT_IDS", env.ClientID+env.ClientSecret+env.ExtraClientIDs, "COGNITO_USER_POOL_ID", "name the pool")
		return
	}
	if env.ClientID == "" {
		p.mistake("COGNITO_CLIENT_ID", "is needed with COGNITO_USER_POOL_ID: name the app client")
	}
	if isEmulated(env) && env.Issuer == "" {
		p.mistake("COGNITO_ISSUER", "is needed with a pool that begins with no region, as an emulator's does: write its URL and the pool, such as %s",
			strings.TrimRight(cmp.Or(env.CognitoEndpoint, "http://127.0.0.1:9229"), "/")+"/"+env.PoolID)
	}
}

// needs reports a mistake if present is set to value but the variable missing is not set.
func (p *parser) needs(present, value, missing, why string) {
	if value != "" {
		p.mistake(missing, "is needed with %s: %s", present, why)
	}
}

// isEmulated reports whether the pool's ID is one that AWS cannot have.
func isEmulated(env environment) bool { return env.PoolID != "" && regionOfPool(env.PoolID) == "" }
