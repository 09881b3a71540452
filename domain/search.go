package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckTenantSearch returns an [Invalid] error on field "q" for a text that neither an ID
// nor a name of a tenant can contain. The empty text is valid.
func CheckTenantSearch(text string) error {
	return checkSearch(text, maxTenantNameLen*utf8.UTFMax)
}

// CheckMemberSearch returns an [Invalid] error on field "q" for a text that neither an
// address nor a subject of a member can contain. The empty text is valid.
func CheckMemberSearch(text string) error { return checkSearch(text, maxEmailLen) }

func checkSearch(text string, maxLen int) error {
	if len(text) > maxLen || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return Invalidf("q", "the text to look for has at most %d bytes of UTF-8 without control characters", maxLen)
	}
	return nil
}
