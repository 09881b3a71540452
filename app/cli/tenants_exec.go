package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

func execCommand() command {
	return command{
		name:    "exec",
		args:    "[ID] SQL",
		summary: "run one SQL statement inside tenants, as the role of each",
		details: "It prints CSV whose first column is the tenant's ID, or with --json an object for each row. In CSV, NULL is\n" +
			"empty. The transactions are read-only unless --write is given. A tenant that fails stops no other:\n" +
			"it is named on the standard error, and the command exits 1. Suspended and deleted tenants are left out;\n" +
			"those that are behind the program's migrations are not, so that what keeps a migration from running can be removed.",
		flags: []option{
			boolFlag("all", "run it in each active tenant"),
			stringsFlag("where", "run it in the active tenants that meet a `CONDITION`: q=TEXT for a text in the ID or the name, owner=SUB for tenants of an owner; both conditions must be met if both are given"),
			boolFlag("write", "let the statement change rows"),
			intFlag("workers", app.DefaultExecWorkers, "how many tenants are at work at once, at most the connections that serve tenants"),
			stringFlag("reason", "the `REASON`, which the owners of each tenant see in its events, and the log keeps"),
			jsonFlag(),
		},
		run: execInTenants,
	}
}

func execInTenants(ctx context.Context, c console, cmd invocation) error {
	execution, err := executionOf(cmd)
	if err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := selectTenants(cmd, r, &execution); err != nil {
			return err
		}
		out := rowPrinter(&csvRows{csv: csv.NewWriter(c.out)})
		if cmd.Bool("json") {
			out = jsonRows{json.NewEncoder(c.out)}
		}
		err := r.Exec(ctx, access.Installation(), execution, out.print)
		return errors.Join(err, out.flush())
	})
}

// executionOf reads the command line, without the conditions.
func executionOf(cmd invocation) (app.Execution, error) {
	e := app.Execution{
		SQL: cmd.args[len(cmd.args)-1], Reason: cmd.String("reason"), Write: cmd.Bool("write"), Workers: cmd.Int("workers"), All: cmd.Bool("all"),
	}
	if e.Reason == "" {
		e.Reason = "the command tenants exec"
	}
	if e.Workers < 1 {
		return e, misuse(cmd, "--workers is a number of 1 or more")
	}
	selected := len(cmd.Strings("where")) > 0
	several := e.All || selected
	switch named := len(cmd.args) == 2; {
	case e.All && selected:
		return e, misuse(cmd, "give --all or --where, but not both")
	case named && several:
		return e, misuse(cmd, "name one tenant, or several by --all or --where, but not both")
	case !named && !several:
		return e, misuse(cmd, "name a tenant, or give --all or --where")
	case named:
		id, err := domain.ParseTenantID(cmd.arg(0))
		e.Tenants = []domain.TenantID{id}
		return e, err
	}
	return e, nil
}

// selectTenants reads the conditions.
func selectTenants(cmd invocation, r *app.Registry, e *app.Execution) (err error) {
	for _, condition := range cmd.Strings("where") {
		key, value, _ := strings.Cut(condition, "=")
		switch {
		case value == "":
			return misuse(cmd, "--where %s: write q=TEXT or owner=SUB", condition)
		case key == "q":
			e.Where.Text = value
		case key == "owner":
			if e.Where.Owner, err = identityOf(r, value); err != nil {
				return err
			}
		default:
			return misuse(cmd, "--where %s: there is no condition %q; write q=TEXT or owner=SUB", condition, key)
		}
	}
	return nil
}

// rowPrinter prints what a statement returns.
type rowPrinter interface {
	print(app.ExecutedRow) error
	flush() error
}

// csvRows prints CSV below a heading.
type csvRows struct {
	csv     *csv.Writer
	heading []string
}

func (p *csvRows) print(row app.ExecutedRow) error {
	cells := []string{row.Tenant.String()}
	heading := append([]string{"tenant"}, row.Columns...)
	if row.Columns == nil {
		heading, cells = append(heading, "changed"), append(cells, strconv.FormatInt(row.Changed, 10))
	}
	for _, value := range row.Values {
		cells = append(cells, value.String())
	}
	if p.heading == nil {
		p.heading = heading
		if err := p.csv.Write(heading); err != nil {
			return err
		}
	}
	if !slices.Equal(heading, p.heading) {
		return fmt.Errorf("the statement returns the columns %s in tenant %s, and %s in others: name its columns", strings.Join(heading, ","), row.Tenant, strings.Join(p.heading, ","))
	}
	return p.csv.Write(cells)
}

func (p *csvRows) flush() error {
	p.csv.Flush()
	return p.csv.Error()
}

// jsonRows prints an object for each row.
type jsonRows struct{ objects *json.Encoder }

func (p jsonRows) print(row app.ExecutedRow) error {
	if row.Columns == nil {
		return p.objects.Encode(struct {
			TenantID string `json:"tenantId"`
			Changed  int64  `json:"changed"`
		}{row.Tenant.String(), row.Changed})
	}
	for i, column := range row.Columns {
		if slices.Contains(row.Columns[:i], column) {
			return fmt.Errorf("the statement returns two columns with the name %q, which an object cannot have: name them with AS", column)
		}
	}
	return p.objects.Encode(struct {
		TenantID string    `json:"tenantId"`
		Row      rowObject `json:"row"`
	}{row.Tenant.String(), rowObject(row)})
}

func (jsonRows) flush() error { return nil }

// rowObject is a row as an object whose fields have the order of the columns.
type rowObject app.ExecutedRow

// MarshalJSON writes a field for each column.
func (r rowObject) MarshalJSON() ([]byte, error) {
	var text strings.Builder
	for i, column := range r.Columns {
		name, err := json.Marshal(column)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(r.Values[i])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, ",%s:%s", name, value)
	}
	return []byte("{" + strings.TrimPrefix(text.String(), ",") + "}"), nil
}
