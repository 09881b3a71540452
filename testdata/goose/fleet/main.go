// Command fleet migrates schemas as a product does that has goose and a schema for each
// tenant: with a handle, and so a connection, for each schema.
//
//	fleet URL WORKERS < SCHEMAS
//
// It prints how many seconds a file of one statement took in all of them. goose's own
// table is made before, and dropped afterwards, and so is what the file has changed.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing/fstest"
	"time"

	_ "github.com/lib/pq"
	"github.com/pressly/goose/v3"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: fleet URL WORKERS < SCHEMAS")
	}
	workers, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	var schemas []string
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		schemas = append(schemas, lines.Text())
	}
	f := fleet{url: args[0], workers: workers, schemas: schemas}
	first := fstest.MapFS{"00001_first.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}}
	if err := f.each(func(db *sql.DB) error { return up(ctx, db, first) }); err != nil {
		return err
	}
	both := fstest.MapFS{"00001_first.sql": first["00001_first.sql"], "00002_column.sql": {Data: []byte("-- +goose Up\nALTER TABLE notes ADD COLUMN by_goose int;\n")}}
	began := time.Now()
	if err := f.each(func(db *sql.DB) error { return up(ctx, db, both) }); err != nil {
		return err
	}
	fmt.Println(time.Since(began).Seconds())
	return f.each(func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "ALTER TABLE notes DROP COLUMN by_goose; DROP TABLE goose_db_version")
		return err
	})
}

// up has goose run the files that the schema lacks.
func up(ctx context.Context, db *sql.DB, files fstest.MapFS) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// fleet is the schemas of a database.
type fleet struct {
	url     string
	workers int
	schemas []string
}

// each opens a handle for each schema, some at a time, and calls do with it.
func (f fleet) each(do func(*sql.DB) error) error {
	next := make(chan string, len(f.schemas))
	for _, schema := range f.schemas {
		next <- schema
	}
	close(next)
	errs := make([]error, f.workers)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			for schema := range next {
				if err := f.in(schema, do); err != nil {
					errs[i] = fmt.Errorf("%s: %w", schema, err)
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (f fleet) in(schema string, do func(*sql.DB) error) error {
	u, err := url.Parse(f.url)
	if err != nil {
		return err
	}
	query := u.Query()
	query.Set("search_path", `"`+schema+`"`)
	u.RawQuery = query.Encode()
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}
