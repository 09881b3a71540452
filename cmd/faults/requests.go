package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client shares connections as a caller's would.
var client = &http.Client{Timeout: 35 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}

// get requests a path. Each of headers is "Name: value". Without an answer the status is 0.
func (s *server) get(ctx context.Context, path string, headers ...string) (status int, header http.Header) {
	status, header, _ = s.send(ctx, http.MethodGet, s.url+path, "", headers...)
	return status, header
}

func (s *server) send(ctx context.Context, method, url, body string, headers ...string) (status int, header http.Header, answer map[string]any) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, nil
	}
	if body != "" && method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, nil, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	_ = json.Unmarshal(text, &answer)
	return res.StatusCode, res.Header, answer
}

// create creates a tenant, as the operator, and returns its claim.
func (s *server) create(ctx context.Context, id string) (status int, claim string) {
	status, _, answer := s.send(ctx, http.MethodPost, s.url+"/auth/tenants", `{"tenantId": "`+id+`"}`, "Authorization: Bearer "+operatorToken)
	claim, _ = answer["claimToken"].(string)
	return status, claim
}

// answers returns the status of GET / of a tenant.
func (s *server) answers(ctx context.Context, id string) int {
	status, _ := s.get(ctx, "/", "X-Tenant-ID: "+id)
	return status
}

// owner creates a tenant, and signs its owner up and in.
func (s *server) owner(ctx context.Context, id string) (token string, err error) {
	status, claim := s.create(ctx, id)
	if status != http.StatusCreated {
		return "", fmt.Errorf("creating %s returns %d", id, status)
	}
	account := `{"email": "ada@` + id + `.example", "password": "correct horse battery"`
	if status, _, _ := s.send(ctx, http.MethodPost, s.url+"/auth/signup", account+`, "claimToken": "`+claim+`"}`); status != http.StatusCreated {
		return "", fmt.Errorf("signing up returns %d", status)
	}
	status, _, answer := s.send(ctx, http.MethodPost, s.url+"/auth/signin", account+`}`)
	if token, _ = answer["AccessToken"].(string); token == "" {
		return "", fmt.Errorf("signing in returns %d", status)
	}
	return token, nil
}
