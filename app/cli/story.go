package cli

import (
	_ "embed"
	"strings"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain/tenants"
)

// storyScript is the whole story in curl, as README.md has it too; a test holds
// them equal. Its paragraphs are the chapters.
//
//go:embed story.sh
var storyScript string

// scene is a group of lines to paste into a terminal at once.
type scene struct{ when, lines string }

// What the chapters become where not all callers may create tenants, or an
// address has to be confirmed first.
const (
	createByOperator = `# a tenant, and the token that claims it; OPERATOR_TOKEN is the server's
claim=$(curl -s $api/auth/tenants -H "Authorization: Bearer $OPERATOR_TOKEN" -H "$json" -d '{"tenantId":"acme","name":"Acme"}' | field claimToken)
`
	createByProgram = `# a tenant, and the token that claims it, made on the database: with the server's configuration
claim=$({program} tenants create acme --name Acme | tail -1)
`
	createWhenSignedIn = `# a tenant, which is hers
curl -s $api/auth/tenants -H "Authorization: Bearer $token" -H "$json" -d '{"tenantId":"acme","name":"Acme"}'
`
	confirm = `# the address is hers: put the code in place of 12345678
curl -s $api/auth/verify-email -H "$json" -d '{"email":"ada@example.com","code":"12345678"}'
`
	withClaim = `,"claimToken":"'$claim'"`
)

// story returns the scenes for the configuration.
func story(program string, cfg app.Config, hasOperator bool) []scene {
	chapters := strings.Split(strings.Replace(storyScript, "http://localhost:3000", cfg.PublicURL.String(), 1), "\n\n")
	prelude, create, people, rest := chapters[0]+"\n", chapters[1]+"\n", chapters[2]+"\n", strings.Join(chapters[3:], "\n\n")
	signUp, signIn := cutAtLine(people, "token=")
	signIn, me := cutAtLine(signIn, "curl ")
	created := "" // the user who signs in
	switch {
	case cfg.TenantCreation == tenants.Authenticated:
		create, created = "", createWhenSignedIn
		signUp = strings.Replace(strings.Replace(signUp, withClaim, "", 1), "its owner signs up with that, and", "ada signs up, and", 1)
	case cfg.TenantCreation == tenants.OperatorOnly && hasOperator:
		create = createByOperator
	case cfg.TenantCreation == tenants.OperatorOnly:
		create = strings.Replace(createByProgram, "{program}", program, 1)
	}
	before, after := paragraphs(prelude, create, signUp), signIn+created+me+"\n"+rest

	realPeople := cfg.Cognito.PoolID != "" && !cfg.Memory
	switch {
	case realPeople:
		own := strings.NewReplacer("ada@example.com", "you@example.com", "correct horse battery", "Correct-Horse-1-Battery")
		return []scene{
			{"Try it: paste this into another terminal, with an address of yours in place of you@example.com.", own.Replace(before)},
			{"When the mail with the code has come, paste this.", own.Replace(paragraphs(confirm, after))},
		}
	case cfg.RequireConfirmation:
		return []scene{
			{"Try it: paste this into another terminal.", before},
			{"The code is then in this log, in the line of the mail. Paste this.", paragraphs(confirm, after)},
		}
	}
	return []scene{{"Try it: paste this into another terminal.", before + after}}
}

// cutAtLine cuts text before the first line that begins with start.
func cutAtLine(text, start string) (before, after string) {
	before, after, _ = strings.Cut(text, "\n"+start)
	return before + "\n", start + after
}

// paragraphs joins the parts that are not empty with an empty line.
func paragraphs(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(part)
	}
	return b.String()
}

// indent indents the lines of a script.
func indent(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
