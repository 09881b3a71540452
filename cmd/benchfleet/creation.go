package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func parseID(text string) domain.TenantID { return domain.Must(domain.ParseTenantID(text)) }

// creators is how many tenants are created at a time: Partywall provisions on as many
// connections.
const creators = 2

// measureCreations creates tenants with Partywall, and by psql with the same SQL, in turns.
func (s *serving) measureCreations(ctx context.Context) error {
	defer s.removeMade(context.WithoutCancel(ctx), "made-")
	script, err := s.creationScript(ctx)
	if err != nil {
		return err
	}
	const rounds = 2
	each := s.bench.effort.creations / rounds
	var took [2]time.Duration
	for round := range rounds {
		for side, createAll := range []func(ids []string) error{
			func(ids []string) error { return s.createAll(ctx, ids) },
			func(ids []string) error { return s.psqlEach(ctx, creators, ids, script) },
		} {
			ids := make([]string, each)
			for i := range ids {
				ids[i] = fmt.Sprintf("made-%d-%d-%d", side, round, i)
			}
			began := time.Now()
			if err := createAll(ids); err != nil {
				return err
			}
			took[side] += time.Since(began)
		}
	}
	total := float64(each * rounds)
	s.set("creations/partywall", total/took[0].Seconds())
	s.set("creations/psql", total/took[1].Seconds())
	return nil
}

// create creates a tenant with Partywall.
func create(ctx context.Context, db *postgres.DB, id domain.TenantID) error {
	_, err := db.Tenants().Create(ctx, ports.TenantCreation{ID: id, Owner: owner})
	return err
}

// createAll creates the tenants, some at a time.
func (s *serving) createAll(ctx context.Context, ids []string) error {
	next := make(chan string, len(ids))
	for _, id := range ids {
		next <- id
	}
	close(next)
	var errs [creators]error
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			for id := range next {
				if errs[i] = create(ctx, s.db, parseID(id)); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs[:]...)
}

// script returns the messages for a tenant.
type script func(id string) []string

// creationScript is what Partywall sends to create a tenant.
func (s *serving) creationScript(ctx context.Context) (script, error) {
	made := 0
	var id string
	sent, err := s.record(ctx, func(db *postgres.DB) error {
		id = fmt.Sprintf("made-recorded-%d", made)
		made++
		return create(ctx, db, parseID(id))
	})
	return replay(sent, id), err
}

// replay returns the messages that were sent for one tenant, for others.
func replay(sent []measure.Message, recorded string) script {
	return func(id string) (messages []string) {
		for _, m := range sent {
			messages = append(messages, strings.ReplaceAll(m.SQL(), recorded, id))
		}
		return messages
	}
}

// ofPsql is how many tenants one psql gets: its command line has room for them.
const ofPsql = 100

// psqlEach has several psql at a time send each tenant's messages.
func (in *installation) psqlEach(ctx context.Context, processes int, ids []string, script script) error {
	next := make(chan []string, len(ids))
	for chunk := range slices.Chunk(ids, max(1, min(ofPsql, len(ids)/processes))) {
		next <- chunk
	}
	close(next)
	errs := make([]error, processes)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			for chunk := range next {
				var messages []string
				for _, id := range chunk {
					messages = append(messages, script(id)...)
				}
				if errs[i] = in.psql(ctx, messages); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// psql sends messages as DB_USER, each as a whole.
func (in *installation) psql(ctx context.Context, messages []string) error {
	program, err := exec.LookPath("psql")
	if err != nil {
		return fmt.Errorf("the reference needs psql: apt-get install postgresql-client: %w", err)
	}
	args := []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"}
	for _, m := range messages {
		args = append(args, "--command="+m)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PGHOST=" + in.Host, fmt.Sprintf("PGPORT=%d", in.Port), "PGUSER=" + in.User, "PGPASSWORD=" + in.Password.Reveal(), "PGDATABASE=" + in.Database, "PGOPTIONS=-c client_min_messages=warning"}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, complaint.String())
	}
	return nil
}

// removeMade removes the tenants that a measurement made, so that the next one meets
// as many tenants as this one.
func (in *installation) removeMade(ctx context.Context, prefix string) {
	var ids []string
	rows, err := in.super.QueryContext(ctx, `SELECT id FROM partywall.tenants WHERE starts_with(id, $1)`, prefix)
	if err == nil {
		defer rows.Close()
		for rows.Next() {
			var id string
			if err = rows.Scan(&id); err != nil {
				break
			}
			ids = append(ids, id)
		}
		err = errors.Join(err, rows.Err())
	}
	var inst string
	err = errors.Join(err, in.super.QueryRowContext(ctx, `SELECT inst FROM partywall.installation`).Scan(&inst))
	for _, id := range ids {
		names := strings.NewReplacer("{id}", id, "{role}", "pw_"+inst+"_t_"+id)
		err = errors.Join(err, execute(ctx, in.super, names.Replace(`
			DROP SCHEMA "tenant_{id}" CASCADE; DROP OWNED BY "{role}"; DROP ROLE "{role}";
			DELETE FROM partywall.migrations WHERE tenant = '{id}'; DELETE FROM partywall.events WHERE tenant = '{id}'; DELETE FROM partywall.tenants WHERE id = '{id}'`)))
	}
	if err != nil {
		in.bench.logf("%s: cannot remove what was made for the measurement: %v", in, err)
	}
}
