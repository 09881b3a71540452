package archive

import (
	"archive/tar"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Exported reports what an archive has.
type Exported struct {
	Tenant      domain.Tenant
	Tables      int
	Rows        int64
	Members     int64
	Invitations int64 // of any state
	Files       int64 // whose contents are in the archive, or whose names alone
	Bytes       int64 // of the contents
}

// Export writes an archive of tenant id to w, also of a suspended or deleted one. A tenant
// that is being purged is [domain.CodeTenantNotFound]. The rows and the members are those
// of one moment, and no transaction is open while w is written. The files are copied
// afterwards: one that is deleted meanwhile is left out, and one that is replaced is copied
// as it is then. The zero FileMode is [IncludeFiles], and one that does not exist is
// [domain.Invalid] on field "files".
//
// Export keeps the rows in a temporary file first. A tenant that has large objects, or a
// table whose row policies hold for its owner, is refused in one line. After an error, what
// was written is no archive.
func (s *Service) Export(ctx context.Context, operator access.Operator, id domain.TenantID, w io.Writer, files FileMode) (report Exported, err error) {
	if err := operator.Require(); err != nil {
		return Exported{}, err
	}
	if err := id.Require(); err != nil {
		return Exported{}, err
	}
	if files, err = ParseFileMode(string(files)); err != nil {
		return Exported{}, err
	}
	defer func() { s.log(ctx, "exported", id, err) }()
	buffer, err := newSpool()
	if err != nil {
		return Exported{}, err
	}
	defer func() { _ = buffer.Close() }()
	e := export{service: s, spool: buffer, id: id}
	e.manifest.Files.Mode = files
	if err := e.read(ctx); err != nil {
		return Exported{}, err
	}
	if err := e.write(ctx, w); err != nil {
		return Exported{}, err
	}
	return e.report, nil
}

// export is an export at work.
type export struct {
	service  *Service
	spool    *spool
	id       domain.TenantID
	manifest manifest
	members  *spooled
	invited  *spooled // the invitations
	tables   []*spooled
	files    *spooled // their list
	report   Exported

	tar      *tar.Writer
	contents *contents
}

// read fills the spool and the manifest.
func (e *export) read(ctx context.Context) error {
	found, err := e.service.Database.Export(ctx, e.id, e)
	if err != nil {
		return err
	}
	for _, part := range []**spooled{&e.members, &e.invited, &e.files} {
		if err := e.begin(part); err != nil { // unless it has lines
			return err
		}
	}
	if e.manifest.Files.Mode != NoFiles {
		if err := e.list(ctx); err != nil {
			return err
		}
	}
	if err := e.spool.end(); err != nil {
		return err
	}
	e.describe(found)
	return nil
}

// begin begins a part of the spool, unless it has begun.
func (e *export) begin(part **spooled) (err error) {
	if *part == nil {
		*part, err = e.spool.begin()
	}
	return err
}

// line writes a JSON object to a part, which is the last.
func (e *export) line(part **spooled, object any) error {
	if err := e.begin(part); err != nil {
		return err
	}
	text, err := json.Marshal(object)
	if err == nil {
		_, err = (*part).Write(append(text, '\n'))
	}
	return err
}

// Member implements [ports.ArchiveSink]. The members come before the tables.
func (e *export) Member(m domain.Membership) error {
	return e.line(&e.members, memberObject{
		Provider: m.Identity.Provider(), Subject: m.Identity.Subject(), Email: m.Email.String(), Role: string(m.Role), State: string(m.State),
		CreatedAt: m.CreatedAt, ExpiresAt: m.ExpiresAt, Reason: m.Reason,
	})
}

// Invitation implements [ports.ArchiveSink]. The invitations come before the tables.
func (e *export) Invitation(i domain.Invitation) error {
	return e.line(&e.invited, invitationObjectOf(i))
}

// Table implements [ports.ArchiveSink].
func (e *export) Table(t ports.ArchivedTable) (io.Writer, error) {
	var part *spooled
	err := e.begin(&part)
	e.manifest.Tables, e.tables = append(e.manifest.Tables, tableObject{ArchivedTable: t}), append(e.tables, part)
	return part, err
}

// list writes down the files of the tenant.
func (e *export) list(ctx context.Context) error {
	const page = 1000
	prefix, err := domain.NewObjectPrefix(e.id, "")
	if err != nil {
		return err
	}
	for after := (domain.ObjectKey{}); ; {
		found, err := e.service.Objects.List(ctx, prefix, after, page)
		if err != nil {
			return err
		}
		for _, o := range found {
			e.manifest.Files.Bytes += o.Size
			if err := e.line(&e.files, fileObject{o.Key.Filename(), o.Size, o.ModifiedAt}); err != nil {
				return err
			}
		}
		if len(found) < page {
			return nil
		}
		after = found[page-1].Key
	}
}

// describe completes the manifest, once all parts have ended.
func (e *export) describe(found ports.ArchivedTenant) {
	m := &e.manifest
	m.Format, m.CreatedAt, m.Provider = format, time.Now().UTC(), e.service.Provider
	m.Tenant = tenantObject{found.Tenant.ID.String(), found.Tenant.Name, found.Tenant.CreatedAt, json.RawMessage(found.Tenant.Settings.String()), found.Tenant.Limits}
	m.Migrations, m.Sequences = found.Files, found.Sequences
	invitations := e.invited.counter.section()
	m.Members, m.Invitations, m.Files.List = e.members.counter.section(), &invitations, e.files.counter.section()
	for i, rows := range e.tables {
		m.Tables[i].Rows = rows.counter.section()
		e.report.Rows += m.Tables[i].Rows.Lines
	}
	e.report.Tenant, e.report.Tables = found.Tenant.Tenant, len(m.Tables)
	e.report.Members, e.report.Invitations, e.report.Files = m.Members.Lines, invitations.Lines, m.Files.List.Lines
}

// write writes the archive.
func (e *export) write(ctx context.Context, w io.Writer) error {
	compressed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	e.tar, e.contents = tar.NewWriter(compressed), newContents()
	if err := e.writeEntries(ctx); err != nil {
		_ = compressed.Close() // it fails for the same reason
		return err
	}
	if err := cmp.Or(e.tar.Close(), compressed.Close()); err != nil {
		return fmt.Errorf("cannot write the archive: %w", err)
	}
	return nil
}

func (e *export) writeEntries(ctx context.Context) error {
	if err := e.writeJSON(manifestEntry, e.manifest); err != nil {
		return err
	}
	names, parts := []string{membersEntry, invitationsEntry}, []*spooled{e.members, e.invited}
	for i, rows := range e.tables {
		names, parts = append(names, tableEntry(i)), append(parts, rows)
	}
	names, parts = append(names, filesEntry), append(parts, e.files)
	for i, name := range names {
		if err := e.copyPart(name, parts[i]); err != nil {
			return err
		}
	}
	if e.manifest.Files.Mode == IncludeFiles {
		if err := e.copyFiles(ctx); err != nil {
			return err
		}
		e.report.Files, e.report.Bytes = e.contents.files, e.contents.bytes
	}
	return e.writeJSON(endEntry, e.contents.end())
}

func (e *export) writeJSON(name string, object any) error {
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return e.entry(name, int64(len(text)), nil, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// entry writes an entry of that size.
func (e *export) entry(name string, size int64, attributes map[string]string, write func(io.Writer) error) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, PAXRecords: attributes, Format: tar.FormatPAX}
	err := e.tar.WriteHeader(header)
	if err == nil {
		err = write(e.tar)
	}
	if err != nil {
		return fmt.Errorf("cannot write the archive: %w", err)
	}
	return nil
}

func (e *export) copyPart(name string, part *spooled) error {
	decoder, err := e.spool.read(part)
	if err != nil {
		return err
	}
	defer decoder.Close()
	return e.entry(name, part.counter.bytes, nil, func(w io.Writer) error {
		_, err := io.Copy(w, decoder)
		return err
	})
}
