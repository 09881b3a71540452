package files

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
)

// contentDisposition names a file by its last segment, in the two forms of RFC
// 6266: in plain ASCII and, where that isn't the whole name, in UTF-8 (RFC 8187).
func contentDisposition(d Disposition, key domain.ObjectKey) string {
	name := shorten(visible(key.Base()))
	if name == "" || name == "." || name == ".." { // the latter name folders
		return string(d)
	}
	plain := plainName(name)
	header := string(d) + `; filename="` + plain + `"`
	if plain != name {
		header += "; filename*=UTF-8''" + extValue(name)
	}
	return header
}

// The joiners that Persian, Indic scripts and emoji are written with.
const joiners = "\u200c\u200d"

// visible leaves out the invisible characters that make one name look like another:
// marks that reverse the direction of "exe.gpj", line separators, fillers.
func visible(name string) string {
	name = strings.Map(func(r rune) rune {
		if !strings.ContainsRune(joiners, r) && unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		return r
	}, name)
	return strings.Trim(name, joiners)
}

// maxNameLen is the length that file systems accept, in bytes, less what a browser
// adds to a name that is taken.
const maxNameLen = 240

// shorten shortens a name that is too long for file systems, and keeps its extension.
func shorten(name string) string {
	if len(name) <= maxNameLen {
		return name
	}
	extension := path.Ext(name)
	if len(extension) > maxNameLen/2 {
		extension = ""
	}
	end := maxNameLen - len(extension)
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + extension
}

// plainName replaces characters that a quoted string cannot contain, and those that
// browsers decode there although RFC 6266 does not: "%20", and "=?" of RFC 2047.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%?`, r) {
			return '_'
		}
		return r
	}, name)
}

// extValue escapes all but the attr-char of RFC 8187, section 3.2.1.
func extValue(name string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}
