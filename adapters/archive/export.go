package archive

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
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
	Tenant  domain.Tenant
	Tables  int
	Rows    int64
	Members int64
	Files   int64 // whose contents are in the archive, or whose names alone
	Bytes   int64 // of the contents
}

// Export writes an archive of tenant id, whatever its status, to w. The rows and the
// members are those of one moment, and no transaction is open while w is written. The
// files are copied afterwards: one that is deleted meanwhile is left out, and one that is
// replaced is copied as it is then.
//
// Export keeps the rows in a temporary file first. A tenant that has large objects, or a
// table whose row policies hold for its owner, is refused in one line. After an error, what
// was written is no archive.
func (s *Service) Export(ctx context.Context, operator access.Operator, id domain.TenantID, w io.Writer, files FileMode) (report Exported, err error) {
	if err := s.check(operator); err != nil {
		return Exported{}, err
	}
	if err := id.Require(); err != nil {
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
	parts    []*spooled // the members, the tables, the list of files
	report   Exported

	tar      *tar.Writer
	contents *contents
}

// read fills the spool and the manifest.
func (e *export) read(ctx context.Context) error {
	if err := e.begin(); err != nil {
		return err
	}
	found, err := e.service.Database.Export(ctx, e.id, e)
	if err != nil {
		return err
	}
	if err := e.begin(); err != nil {
		return err
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

// begin begins a part of the spool.
func (e *export) begin() error {
	part, err := e.spool.begin()
	e.parts = append(e.parts, part)
	return err
}

// last returns the part that was begun last.
func (e *export) last() *spooled { return e.parts[len(e.parts)-1] }

// line writes a JSON object to the last part.
func (e *export) line(object any) error {
	text, err := json.Marshal(object)
	if err == nil {
		_, err = e.last().Write(append(text, '\n'))
	}
	return err
}

// Member implements [ports.ArchiveSink]. The members come before the tables.
func (e *export) Member(m domain.Membership) error {
	return e.line(memberObject{
		Provider: m.Identity.Provider(), Subject: m.Identity.Subject(), Email: m.Email.String(), Role: string(m.Role), State: string(m.State),
		CreatedAt: m.CreatedAt, ExpiresAt: m.ExpiresAt, Reason: m.Reason,
	})
}

// Table implements [ports.ArchiveSink].
func (e *export) Table(t ports.ArchivedTable) (io.Writer, error) {
	e.manifest.Tables = append(e.manifest.Tables, tableObject{ArchivedTable: t})
	err := e.begin()
	return e.last(), err
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
			if err := e.line(fileObject{o.Key.Filename(), o.Size, o.ModifiedAt}); err != nil {
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
	m.Tenant = tenantObject{found.Tenant.ID.String(), found.Tenant.Name, found.Tenant.CreatedAt, json.RawMessage(found.Tenant.Settings.String())}
	m.Migrations, m.Sequences = found.Files, found.Sequences
	m.Members = e.parts[0].counter.section()
	for i := range m.Tables {
		m.Tables[i].Rows = e.parts[1+i].counter.section()
		e.report.Rows += m.Tables[i].Rows.Lines
	}
	m.Files.List = e.last().counter.section()
	e.report.Tenant, e.report.Tables, e.report.Members, e.report.Files = found.Tenant.Tenant, len(m.Tables), m.Members.Lines, m.Files.List.Lines
}

// write writes the archive.
func (e *export) write(ctx context.Context, w io.Writer) error {
	compressed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	e.tar, e.contents = tar.NewWriter(compressed), newContents()
	if err := e.writeEntries(ctx); err != nil {
		return errors.Join(err, ignore(compressed.Close()))
	}
	if err := errors.Join(e.tar.Close(), compressed.Close()); err != nil {
		return fmt.Errorf("cannot write the archive: %w", err)
	}
	return nil
}

// ignore drops an error that follows from another one.
func ignore(error) error { return nil }

func (e *export) writeEntries(ctx context.Context) error {
	if err := e.writeJSON(manifestEntry, e.manifest); err != nil {
		return err
	}
	names := []string{membersEntry}
	for i := range e.manifest.Tables {
		names = append(names, tableEntry(i))
	}
	for i, name := range append(names, filesEntry) {
		if err := e.copyPart(name, e.parts[i]); err != nil {
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
