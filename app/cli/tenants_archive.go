package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// archiveCommands returns the commands that move tenants.
func archiveCommands() []command {
	return []command{
		{
			name: "export", args: "ID",
			summary: "write a tenant into an archive",
			details: "The archive has the rows, the members, the invitations, the settings and the files of the tenant, also of a\n" +
				"suspended or deleted one. It has no password, no token and no event. The file appears under its name once it is\n" +
				"complete.",
			flags: []option{
				shortStringFlag("output", "o", "the `FILE`; otherwise the archive goes to the standard output"),
				stringFlag("files", "which of the tenant's files the archive has: include, list (their names alone) or none; include if it is left out"),
				jsonFlag(),
			},
			run: exportTenant,
		},
		{
			name: "import", args: "FILE",
			summary: "create a tenant from an archive, here or in another installation",
			details: "FILE may be - for the standard input. All or nothing is imported. Members keep their identity, or get the one\n" +
				"with the same verified address; the others are listed.",
			flags: []option{
				stringFlag("as", "the `ID` of the new tenant; otherwise the one that it had"),
				ownerOfImport(), jsonFlag(),
			},
			run: importTenant,
		},
		{
			name: "clone", args: "ID NEW",
			summary: "create the tenant NEW with all that the tenant ID has",
			flags:   []option{ownerOfImport(), jsonFlag()},
			run:     cloneTenant,
		},
	}
}

func ownerOfImport() option {
	return stringFlag("owner", "the `SUB` of a user who becomes an owner, besides those of the archive")
}

// withArchives runs work on the configured database and object store, as the operator.
func withArchives(ctx context.Context, c console, work func(r *app.Registry, archives *app.Archives) error) error {
	return withRegistry(ctx, c, func(r *app.Registry) error {
		archives, err := r.OpenArchives(ctx)
		if err != nil {
			return err
		}
		return work(r, archives)
	})
}

type exportedObject struct {
	TenantID string `json:"tenantId"`
	Tables   int    `json:"tables"`
	Rows     int64  `json:"rows"`
	Members  int64  `json:"members"`
	Invited  int64  `json:"invitations"`
	Files    int64  `json:"files"`
	Bytes    int64  `json:"fileBytes"`
}

func exportTenant(ctx context.Context, c console, cmd invocation) error {
	id, err := domain.ParseTenantID(cmd.arg(0))
	if err != nil {
		return err
	}
	mode, err := app.ParseFileMode(cmd.String("files"))
	if err != nil {
		return misuse(cmd, "--files is include, list or none")
	}
	path := cmd.String("output")
	if path == "" && isTerminal(c.out) {
		return misuse(cmd, "name a file by -o FILE, or redirect the standard output")
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // as /dev/null, which the archive would replace
		return misuse(cmd, "%s is no regular file: name another by -o, or redirect the standard output", path)
	}
	return withArchives(ctx, c, func(_ *app.Registry, archives *app.Archives) error {
		if path == "" {
			_, err := archives.Export(ctx, access.Installation(), id, c.out, mode)
			return err
		}
		var done app.Exported
		err := writeWhole(path, func(w io.Writer) (err error) {
			done, err = archives.Export(ctx, access.Installation(), id, w, mode)
			return err
		})
		if err != nil {
			return err
		}
		object := exportedObject{id.String(), done.Tables, done.Rows, done.Members, done.Invitations, done.Files, done.Bytes}
		return c.result(cmd, object, "exported %s: %s, %s, %s, %s", id, plural(done.Tables, "table"), plural(int(done.Rows), "row"), plural(int(done.Members), "member"), plural(int(done.Files), "file"))
	})
}

// isTerminal reports whether w is a terminal, which an archive would upset.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// writeWhole writes a file that appears under its name once it is complete.
func writeWhole(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*") // mode 0600
	if err != nil {
		return err
	}
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

type importedObject struct {
	TenantID  string              `json:"tenantId"`
	Name      string              `json:"name"`
	CreatedAt time.Time           `json:"createdAt"`
	Tables    int                 `json:"tables"`
	Rows      int64               `json:"rows"`
	Files     int64               `json:"files"`
	Bytes     int64               `json:"fileBytes"`
	Without   int64               `json:"filesWithoutContent"`
	Members   int                 `json:"members"`
	ByAddress int                 `json:"membersByAddress"`
	Missing   int                 `json:"missingMembers"`
	Which     []app.MissingMember `json:"missing"`
	Invited   int                 `json:"invitations"`
	ToResend  int                 `json:"invitationsToResend"`
}

func importTenant(ctx context.Context, c console, cmd invocation) error {
	how, err := importingOf(cmd.String("as"))
	if err != nil {
		return err
	}
	from := io.NopCloser(cmd.InOrStdin())
	if path := cmd.arg(0); path != "-" {
		if from, err = os.Open(path); err != nil {
			return err
		}
	}
	defer func() { _ = from.Close() }()
	return c.importing(ctx, cmd, how, func(archives *app.Archives, how app.Importing) (app.Imported, error) {
		return archives.Import(ctx, access.Installation(), from, how)
	})
}

func cloneTenant(ctx context.Context, c console, cmd invocation) error {
	id, err := domain.ParseTenantID(cmd.arg(0))
	if err != nil {
		return err
	}
	how, err := importingOf(cmd.arg(1))
	if err != nil {
		return err
	}
	return c.importing(ctx, cmd, how, func(archives *app.Archives, how app.Importing) (app.Imported, error) {
		return archives.Clone(ctx, access.Installation(), id, how)
	})
}

func importingOf(as string) (how app.Importing, err error) {
	if as != "" {
		how.As, err = domain.ParseTenantID(as)
	}
	return how, err
}

// importing runs an import, and prints what it made.
func (c console) importing(ctx context.Context, cmd invocation, how app.Importing, run func(*app.Archives, app.Importing) (app.Imported, error)) error {
	return withArchives(ctx, c, func(r *app.Registry, archives *app.Archives) (err error) {
		if owner := cmd.String("owner"); owner != "" {
			if how.Owner, err = userOf(ctx, c, r, owner); err != nil {
				return err
			}
		}
		done, err := run(archives, how)
		if err != nil {
			return err
		}
		t := done.Tenant
		object := importedObject{
			t.ID.String(), t.Name, t.CreatedAt, done.Tables, done.Rows, done.Files, done.Bytes, done.Without,
			done.Members, done.ByAddress, done.MissingAll, append([]app.MissingMember{}, done.Missing...),
			done.Invitations, done.ToResend,
		}
		return c.result(cmd, object, "%s", describeImport(done))
	})
}

// describeImport returns lines for people.
func describeImport(done app.Imported) string {
	lines := []string{fmt.Sprintf("imported %s: %s, %s, %s, %s", done.Tenant.ID, plural(done.Tables, "table"), plural(int(done.Rows), "row"), plural(done.Members, "member"), plural(int(done.Files), "file"))}
	if done.ByAddress > 0 {
		lines = append(lines, plural(done.ByAddress, "member")+" found by a verified address")
	}
	if done.Without > 0 {
		lines = append(lines, plural(int(done.Without), "file")+" not in the archive")
	}
	if done.ToResend > 0 {
		lines = append(lines, plural(done.ToResend, "invitation")+" to resend by: invitations resend "+done.Tenant.ID.String()+" INVITATION")
	}
	if done.MissingAll > 0 {
		lines = append(lines, plural(done.MissingAll, "member")+" without an account here:")
	}
	for _, m := range done.Missing {
		lines = append(lines, fmt.Sprintf("  %s/%s  %s  %s", m.Provider, m.Subject, m.Role, m.Email))
	}
	if more := done.MissingAll - len(done.Missing); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(lines, "\n")
}
