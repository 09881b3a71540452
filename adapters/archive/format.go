package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// CodeDamaged is the code of an archive that cannot be read: it is cut, was changed, or
// is no archive. It is for the operator.
const CodeDamaged domain.Code = "archive_damaged"

// format is the version of the layout.
const format = 1

// The names of the entries.
const (
	manifestEntry    = "manifest.json"
	membersEntry     = "members.jsonl"
	invitationsEntry = "invitations.jsonl"
	filesEntry       = "files.jsonl"
	endEntry         = "end.json"
)

func tableEntry(n int) string  { return fmt.Sprintf("tables/%d", n+1) }
func fileEntry(n int64) string { return fmt.Sprintf("files/%d", n) }

// The attributes of a file's entry.
const (
	typeAttribute    = "PARTYWALL.type"
	headersAttribute = "PARTYWALL.headers"
)

// manifest is the first entry.
type manifest struct {
	Format      int                      `json:"format"`
	CreatedAt   time.Time                `json:"createdAt"`
	Tenant      tenantObject             `json:"tenant"`
	Provider    string                   `json:"provider"` // of the installation's identities
	Migrations  []ports.ArchivedFile     `json:"migrations"`
	Members     section                  `json:"members"`
	Invitations *section                 `json:"invitations,omitempty"` // nil: the archive has no such entry
	Tables      []tableObject            `json:"tables"`
	Sequences   []ports.ArchivedSequence `json:"sequences"`
	Files       filesObject              `json:"files"`
}

type tenantObject struct {
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	CreatedAt time.Time           `json:"createdAt"`
	Settings  json.RawMessage     `json:"settings"`
	Limits    domain.TenantLimits `json:"limits,omitzero"` // zero also in archives of earlier releases
}

type tableObject struct {
	ports.ArchivedTable
	Rows section `json:"rows"`
}

type filesObject struct {
	Mode  FileMode `json:"mode"`
	List  section  `json:"list"`
	Bytes int64    `json:"bytes"` // of all files
}

// section describes an entry of lines.
type section struct {
	Lines  int64  `json:"lines"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// end is the last entry. Its checksum is of a line for each content.
type end struct {
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// memberObject is a line of members.jsonl.
type memberObject struct {
	Provider  string    `json:"provider"`
	Subject   string    `json:"subject"`
	Email     string    `json:"email,omitempty"` // verified
	Role      string    `json:"role"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	Reason    string    `json:"reason,omitempty"`
}

// fileObject is a line of files.jsonl.
type fileObject struct {
	Name       string    `json:"name"`
	Size       int64     `json:"size"`
	ModifiedAt time.Time `json:"modifiedAt"`
}

// counter counts the lines and the bytes that pass, and their checksum.
type counter struct {
	hash  hash.Hash
	lines int64
	bytes int64
}

func newCounter() *counter { return &counter{hash: sha256.New()} }

// Write implements [io.Writer]. It returns no error.
func (c *counter) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' {
			c.lines++
		}
	}
	c.bytes += int64(len(p))
	return c.hash.Write(p)
}

func (c *counter) section() section {
	return section{c.lines, c.bytes, hex.EncodeToString(c.hash.Sum(nil))}
}

// contents adds the contents of files up.
type contents struct {
	hash  hash.Hash
	files int64
	bytes int64
}

func newContents() *contents { return &contents{hash: sha256.New()} }

func (c *contents) add(n int64, content *counter) {
	c.files, c.bytes = c.files+1, c.bytes+content.bytes
	fmt.Fprintf(c.hash, "%d %d %x\n", n, content.bytes, content.hash.Sum(nil))
}

func (c *contents) end() end { return end{c.files, c.bytes, hex.EncodeToString(c.hash.Sum(nil))} }

var _ io.Writer = (*counter)(nil)
