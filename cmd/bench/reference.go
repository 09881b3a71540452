package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/cmd/internal/measure"
	"github.com/partywall-go/partywall/domain"
)

// bareSettings are the settings of the reference program.
type bareSettings struct {
	Port               int // of the database
	Status, Membership string
	Subject            string
	Upload             string // the answer to an upload
	StatusConns        int
	MembershipConns    int
}

// superuser connects to the database as its superuser.
func (b *bench) superuser() (*sql.DB, error) {
	return sql.Open("postgres", fmt.Sprintf("host=127.0.0.1 port=%d user=postgres password=%s dbname=%s sslmode=disable", b.db.Port, b.db.SuperuserPassword.Reveal(), b.db.Database))
}

// bareSettings reads what the reference program needs: a login that may become the
// tenant's role, as a gate does, and the messages that Partywall sends.
func (b *bench) bareSettings(ctx context.Context) (string, error) {
	super, err := b.superuser()
	if err != nil {
		return "", err
	}
	defer super.Close()
	var inst, subject string
	if err := super.QueryRowContext(ctx, `SELECT inst, subject FROM partywall.installation, partywall.memberships WHERE tenant = $1`, tenant).Scan(&inst, &subject); err != nil {
		return "", err
	}
	role := "pw_" + inst + "_t_" + tenant
	if err := execute(ctx, super,
		`CREATE ROLE bare LOGIN NOINHERIT PASSWORD 'bare'`, `GRANT `+pq.QuoteIdentifier(role)+` TO bare`,
		`GRANT USAGE ON SCHEMA partywall TO bare`, `GRANT SELECT ON partywall.tenants, partywall.memberships TO bare`,
	); err != nil {
		return "", err
	}
	status, membership, err := b.messages(ctx, domain.Must(domain.NewIdentity(idp.ProviderName, subject)))
	if err != nil {
		return "", err
	}
	settings, err := json.Marshal(bareSettings{
		Port: b.db.Port, Status: status, Membership: membership, Subject: subject, Upload: b.anUpload(ctx), StatusConns: 12, MembershipConns: 6,
	})
	return string(settings), err
}

// messages records what Partywall sends for GET / and for a membership. The latter has
// arguments: the provider, the subject and the tenant.
func (b *bench) messages(ctx context.Context, member domain.Identity) (status, membership string, err error) {
	recorder, err := measure.NewRecorder("tcp", net.JoinHostPort(b.config.Host, strconv.Itoa(b.config.Port)))
	if err != nil {
		return "", "", err
	}
	defer recorder.Close()
	cfg := b.config
	cfg.Host, cfg.Port = "127.0.0.1", recorder.Port()
	db, err := postgres.Open(ctx, cfg)
	if err != nil {
		return "", "", err
	}
	defer db.Close()
	id := domain.Must(domain.ParseTenantID(tenant))
	record := func(ask func() error) (string, error) {
		if err := ask(); err != nil { // then there is a connection
			return "", err
		}
		sent, err := recorder.Record(ask)
		if err == nil && len(sent) != 1 {
			err = fmt.Errorf("the program sends %d messages, not one", len(sent))
		}
		if err != nil {
			return "", err
		}
		return sent[0].Text, nil
	}
	status, probed := record(func() error { _, err := db.Tenants().Probe(ctx, id); return err })
	membership, found := record(func() error { _, err := db.Members().Find(ctx, member, id); return err })
	return status, membership, errors.Join(probed, found)
}

// reference uses only net/http and lib/pq. It sends the same messages and answers with
// the same number of bytes.
func reference(text string) {
	var s bareSettings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		log.Fatal(err)
	}
	open := func(conns int) *sql.DB {
		db, err := sql.Open("postgres", fmt.Sprintf("host=127.0.0.1 port=%d user=bare password=bare dbname=partywall sslmode=disable binary_parameters=yes", s.Port))
		if err != nil {
			log.Fatal(err)
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return db
	}
	gate, system := open(s.StatusConns), open(s.MembershipConns)
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		now, err := askTime(r.Context(), gate, s.Status)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body, _ := json.Marshal(struct {
			Message   string    `json:"message"`
			Timestamp time.Time `json:"timestamp"`
			TenantID  string    `json:"tenantId"`
		}{"the tenant is served", now.UTC(), r.Header.Get("X-Tenant-ID")})
		answer(w, body)
	})
	http.HandleFunc("POST /files/upload-url", func(w http.ResponseWriter, r *http.Request) {
		if err := readRow(system.QueryContext(r.Context(), s.Membership, idp.ProviderName, s.Subject, tenant)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, []byte(s.Upload))
	})
	e := echo.New()
	e.GET("/floor", func(c echo.Context) error { return c.JSON(http.StatusOK, map[string]bool{"ok": true}) })
	http.Handle("/floor", e)
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), ReadHeaderTimeout: time.Minute}
	log.Fatal(server.ListenAndServe())
}

func askTime(ctx context.Context, db *sql.DB, message string) (now time.Time, err error) {
	rows, err := db.QueryContext(ctx, message)
	if err != nil {
		return now, err
	}
	defer rows.Close()
	for rows.Next() { // of the settings
	}
	var schema string
	if rows.NextResultSet() && rows.Next() {
		err = rows.Scan(&now, &schema)
	}
	return now, errors.Join(err, rows.Err())
}

// readRow reads the one row that there must be.
func readRow(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(rows.Err(), sql.ErrNoRows)
	}
	return rows.Err()
}

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
