package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

func smokeCommand() command {
	return command{
		name:    "smoke",
		summary: "test a running server, from a new tenant to the download of a file",
		details: "The server needs TENANT_CREATION=open and must let new users in without a mailed code, or with --code.\n" +
			"A tenant, a user and a small file are left behind, named smoke-...",
		flags: []option{
			requiredFlag("url", "the `URL` of the server, such as http://localhost:3000"),
			stringFlag("code", "the confirmation code, for an emulator that sends every user the same one"),
			durationFlag("wait", 10*time.Second, "how long the server may take to be ready, such as 1m"),
			jsonFlag(),
		},
		run: smoke,
	}
}

type stepObject struct {
	Step string `json:"step"`
	OK   bool   `json:"ok"`
}

// smoke tests a running server step by step, prints a tick for each step, and stops at
// the first step that fails. A tenant and a user named smoke-... remain.
func smoke(ctx context.Context, c console, cmd invocation) error {
	base, err := url.Parse(cmd.String("url"))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return misuse(cmd, "--url is the server's URL, such as http://localhost:3000")
	}
	name := "smoke-" + strings.ToLower(rand.Text()[:10])
	w := &walk{
		program:  c.program.Name,
		base:     strings.TrimRight(base.String(), "/"),
		client:   &http.Client{Timeout: 20 * time.Second},
		tenant:   name,
		email:    name + "@example.com",
		password: "Aa1!" + rand.Text(),
		code:     cmd.String("code"),
		wait:     cmd.Duration("wait"),
	}
	for _, step := range w.steps() {
		if err := step.run(ctx); err != nil {
			_ = c.result(cmd, stepObject{step.name, false}, "✗ %s", step.name) // the error is reported anyway
			return fmt.Errorf("failed at %q: %w", step.name, err)
		}
		if err := c.result(cmd, stepObject{step.name, true}, "✓ %s", step.name); err != nil {
			return err
		}
	}
	return nil
}

// walk is one run of the steps.
type walk struct {
	program                       string // the serving program, as operators type it
	base                          string
	client                        *http.Client
	tenant, email, password, code string
	wait                          time.Duration

	claimToken, accessToken, refreshToken string
	confirmed                             bool
}

type step struct {
	name string
	run  func(context.Context) error
}

func (w *walk) steps() []step {
	return []step{
		{"the server is ready", w.ready},
		{"a tenant is created", w.createTenant},
		{"the database answers inside the tenant", w.status},
		{"its owner signs up with the claim", w.signUp},
		{"the address is confirmed, where that is asked for", w.confirm},
		{"a wrong password is refused", w.wrongPassword},
		{"the owner signs in", w.signIn},
		{"the owner is the owner", w.me},
		{"a file goes in and comes back", w.file},
		{"the file is listed, and deleted", w.listAndDelete},
		{"another tenant is a wall", w.wall},
		{"a request without a token is refused", w.anonymous},
		{"the session is refreshed", w.refresh},
		{"the owner signs out", w.signOut},
	}
}

// ready waits until the server is ready, because it may just have been started.
func (w *walk) ready(ctx context.Context) error {
	deadline := time.Now().Add(w.wait)
	for {
		err := w.get(ctx, "/readyz", http.StatusOK, nil)
		if err == nil || !mayPass(err) || time.Now().After(deadline) {
			return w.aboutReady(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// mayPass reports whether an error may come from a server, or from a proxy in front of
// it, that is about to be ready.
func mayPass(err error) bool {
	if refused, ok := errors.AsType[statusError](err); ok {
		return refused.got == http.StatusBadGateway || refused.got == http.StatusServiceUnavailable || refused.got == http.StatusGatewayTimeout
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
}

func (w *walk) aboutReady(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return fmt.Errorf("nothing answers at %s: %w; start it with: %s", w.base, op, w.program)
	}
	if _, ok := errors.AsType[statusError](err); ok {
		return fmt.Errorf("the server is not ready after %v: %w; its log has the cause, in the last line about /readyz", w.wait, err)
	}
	return err
}

func (w *walk) createTenant(ctx context.Context) error {
	var answer struct{ ClaimToken string }
	err := w.post(ctx, "/auth/tenants", map[string]any{"tenantId": w.tenant}, http.StatusCreated, &answer)
	if refused, ok := errors.AsType[statusError](err); ok && (refused.got == http.StatusUnauthorized || refused.got == http.StatusForbidden) {
		return fmt.Errorf("the server does not let everyone create tenants; smoke needs TENANT_CREATION=open: %w", err)
	}
	w.claimToken = answer.ClaimToken
	return err
}

func (w *walk) status(ctx context.Context) error {
	var answer struct {
		TenantID  string
		Timestamp time.Time
	}
	if err := w.get(ctx, "/", http.StatusOK, &answer); err != nil {
		return err
	}
	if answer.TenantID != w.tenant || answer.Timestamp.IsZero() {
		return fmt.Errorf("the answer is of tenant %q at %s", answer.TenantID, answer.Timestamp)
	}
	return nil
}

func (w *walk) signUp(ctx context.Context) error {
	var answer struct{ UserConfirmed bool }
	err := w.post(ctx, "/auth/signup", map[string]any{"email": w.email, "password": w.password, "claimToken": w.claimToken}, http.StatusCreated, &answer)
	w.confirmed = answer.UserConfirmed
	return err
}

func (w *walk) confirm(ctx context.Context) error {
	if w.confirmed {
		return nil
	}
	if w.code == "" {
		return fmt.Errorf("the server mailed a code to %s; pass --code if every user gets the same one, or use a server that requires none", w.email)
	}
	return w.post(ctx, "/auth/verify-email", map[string]any{"email": w.email, "code": w.code}, http.StatusOK, nil)
}

func (w *walk) wrongPassword(ctx context.Context) error {
	return w.post(ctx, "/auth/signin", map[string]any{"email": w.email, "password": "not " + w.password}, http.StatusUnauthorized, nil)
}

func (w *walk) signIn(ctx context.Context) error {
	var answer struct{ AccessToken, RefreshToken, ChallengeName string }
	if err := w.post(ctx, "/auth/signin", map[string]any{"email": w.email, "password": w.password}, http.StatusOK, &answer); err != nil {
		return err
	}
	if answer.AccessToken == "" {
		return fmt.Errorf("the answer has no token, but the challenge %q", answer.ChallengeName)
	}
	w.accessToken, w.refreshToken = answer.AccessToken, answer.RefreshToken
	return nil
}

func (w *walk) me(ctx context.Context) error {
	var answer struct {
		Tenants []struct{ TenantID, Role string }
	}
	if err := w.get(ctx, "/auth/me", http.StatusOK, &answer); err != nil {
		return err
	}
	if len(answer.Tenants) != 1 || answer.Tenants[0].TenantID != w.tenant || answer.Tenants[0].Role != "owner" {
		return fmt.Errorf("the tenants are %v", answer.Tenants)
	}
	return nil
}

const smokeFile = "smoke/hällo wörld.txt"

func (w *walk) file(ctx context.Context) error {
	content := []byte("Hello, " + w.tenant + "!\n")
	var upload struct {
		UploadURL, Method string
		Headers           map[string]string
	}
	wanted := map[string]any{"filename": smokeFile, "size": len(content), "contentType": "text/plain"}
	if err := w.post(ctx, "/files/upload-url", wanted, http.StatusOK, &upload); err != nil {
		return err
	}
	if _, err := w.transfer(ctx, upload.Method, upload.UploadURL, upload.Headers, content); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	var download struct{ DownloadURL string }
	if err := w.get(ctx, "/files/download-url?filename="+url.QueryEscape(smokeFile), http.StatusOK, &download); err != nil {
		return err
	}
	got, err := w.transfer(ctx, http.MethodGet, download.DownloadURL, nil, nil)
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	if !bytes.Equal(got, content) {
		return fmt.Errorf("%d bytes went in, and %d others came back", len(content), len(got))
	}
	return nil
}

func (w *walk) listAndDelete(ctx context.Context) error {
	listed := func() (names []string, err error) {
		var answer struct{ Items []struct{ Filename string } }
		err = w.get(ctx, "/files?prefix=smoke/", http.StatusOK, &answer)
		for _, item := range answer.Items {
			names = append(names, item.Filename)
		}
		return names, err
	}
	if names, err := listed(); err != nil {
		return err
	} else if !slices.Equal(names, []string{smokeFile}) {
		return fmt.Errorf("the list has the files %q", names)
	}
	if err := w.call(ctx, http.MethodDelete, "/files?filename="+url.QueryEscape(smokeFile), nil, http.StatusNoContent, nil); err != nil {
		return err
	}
	if names, err := listed(); err != nil {
		return err
	} else if len(names) > 0 {
		return fmt.Errorf("after its deletion the list has the files %q", names)
	}
	return nil
}

func (w *walk) wall(ctx context.Context) error {
	own := w.tenant
	defer func() { w.tenant = own }()
	w.tenant = own + "-neighbour"
	return w.get(ctx, "/files/download-url?filename=hello.txt", http.StatusNotFound, nil)
}

func (w *walk) anonymous(ctx context.Context) error {
	token := w.accessToken
	defer func() { w.accessToken = token }()
	w.accessToken = ""
	return w.get(ctx, "/auth/me", http.StatusUnauthorized, nil)
}

func (w *walk) refresh(ctx context.Context) error {
	var answer struct{ AccessToken, RefreshToken string }
	if err := w.post(ctx, "/auth/refresh", map[string]any{"refreshToken": w.refreshToken}, http.StatusOK, &answer); err != nil {
		return err
	}
	w.accessToken = answer.AccessToken
	if answer.RefreshToken != "" {
		w.refreshToken = answer.RefreshToken
	}
	return w.get(ctx, "/auth/me", http.StatusOK, nil)
}

func (w *walk) signOut(ctx context.Context) error {
	return w.post(ctx, "/auth/signout", map[string]any{"refreshToken": w.refreshToken}, http.StatusNoContent, nil)
}

func (w *walk) get(ctx context.Context, path string, status int, into any) error {
	return w.call(ctx, http.MethodGet, path, nil, status, into)
}

func (w *walk) post(ctx context.Context, path string, body any, status int, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return w.call(ctx, http.MethodPost, path, encoded, status, into)
}

// call sends a request to the API, and returns an error for any but the expected status.
func (w *walk) call(ctx context.Context, method, path string, body []byte, status int, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, w.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("X-Tenant-ID", w.tenant)
	if w.accessToken != "" {
		request.Header.Set("Authorization", "Bearer "+w.accessToken)
	}
	answer, got, err := w.do(request)
	if err != nil {
		return err
	}
	if got != status {
		return statusError{method + " " + path, got, status, strings.TrimSpace(string(answer))}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// statusError reports an answer with an unexpected status.
type statusError struct {
	request   string
	got, want int
	answer    string
}

func (e statusError) Error() string {
	return fmt.Sprintf("%s answered %d, not %d: %s", e.request, e.got, e.want, e.answer)
}

// transfer uploads or downloads bytes with a signed URL.
func (w *walk) transfer(ctx context.Context, method, signed string, headers map[string]string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, signed, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Host") {
			request.Header.Set(name, value)
		}
	}
	answer, status, err := w.do(request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the store answered %d: %s", status, answer)
	}
	return answer, err
}

func (w *walk) do(request *http.Request) (body []byte, status int, err error) {
	response, err := w.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return body, response.StatusCode, err
}
