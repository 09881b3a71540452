package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func storeDown(ctx context.Context, bed *testbed) (string, error) {
	store := &emptyStore{address: "127.0.0.1:0"}
	if err := store.start(ctx); err != nil {
		return "", err
	}
	bed.closers = append(bed.closers, store.stop)
	s, err := bed.start(map[string]string{
		"S3_BUCKET_NAME": "faults", "S3_FORCE_PATH_STYLE": "true", "AWS_ENDPOINT_URL_S3": "http://" + store.address,
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
	}, "--without-file-isolation")
	if err != nil {
		return "", err
	}
	if _, err := s.awaitReady(ctx, 40*time.Second); err != nil {
		return "", err
	}
	token, err := s.owner(ctx, "acme")
	if err != nil {
		return "", err
	}
	store.stop()
	began := time.Now()
	ready := http.StatusOK
	for ready == http.StatusOK && time.Since(began) < 10*time.Second { // an answer counts for a second
		time.Sleep(50 * time.Millisecond)
		ready, _ = s.get(ctx, "/readyz")
	}
	waited := time.Since(began)
	status, _, answer := s.send(ctx, http.MethodPost, s.url+"/files/upload-url", `{"filename": "a"}`, "Authorization: Bearer "+token)
	if ready != http.StatusServiceUnavailable || waited > 15*time.Second || status != http.StatusOK || answer["uploadUrl"] == nil {
		return "", fmt.Errorf("/readyz is %d after %s, a URL returns %d", ready, waited, status)
	}
	if _, err := s.owner(ctx, "bolt"); err == nil {
		return "", errors.New("a tenant was created, although files may lie under its ID")
	}
	if err := store.start(ctx); err != nil {
		return "", err
	}
	took, err := s.awaitReady(ctx, 10*time.Second)
	if err == nil {
		_, err = s.owner(ctx, "bolt")
	}
	return fmt.Sprintf("503 after %d ms, URLs signed, no tenant created; ready %d ms after its return", waited.Milliseconds(), took.Milliseconds()), err
}

// emptyStore is an object store that keeps nothing. It starts again at its address.
type emptyStore struct {
	address string
	server  *http.Server
}

func (e *emptyStore) start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", e.address)
	if err != nil {
		return err
	}
	e.address = listener.Addr().String()
	e.server = &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Second}
	go func() { _ = e.server.Serve(listener) }()
	return nil
}

func (e *emptyStore) stop() { _ = e.server.Close() }

// diskFull keeps the files on a disk of 8 MiB. Mounting one requires root.
func diskFull(ctx context.Context, bed *testbed) (string, error) {
	objects := filepath.Join(bed.dir, "data", "objects")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return "", err
	}
	if err := os.Chmod(filepath.Join(bed.dir, "data"), 0o700); err != nil {
		return "", err
	}
	if err := mountSmall(objects, 8); err != nil {
		return "skipped: only root can mount a small disk", nil //nolint:nilerr // the table shows it
	}
	bed.closers = append(bed.closers, func() { unmount(objects) })
	s, err := bed.serve(ctx, nil)
	if err != nil {
		return "", err
	}
	token, err := s.owner(ctx, "acme")
	if err != nil {
		return "", err
	}
	put := func(size int) int {
		_, _, answer := s.send(ctx, http.MethodPost, s.url+"/files/upload-url", `{"filename": "a"}`, "Authorization: Bearer "+token)
		target, _ := answer["uploadUrl"].(string)
		status, _, _ := s.send(ctx, http.MethodPut, target, strings.Repeat("a", size))
		return status
	}
	get := func() int {
		_, _, answer := s.send(ctx, http.MethodGet, s.url+"/files/download-url?filename=a", "", "Authorization: Bearer "+token)
		target, _ := answer["downloadUrl"].(string)
		status, header, _ := s.send(ctx, http.MethodGet, target, "")
		if header.Get("Content-Length") != "1000" {
			return 0
		}
		return status
	}
	first, full, old, again := put(1000), put(20<<20), get(), put(1000)
	if first != http.StatusOK || full != http.StatusInsufficientStorage || old != http.StatusOK || again != http.StatusOK {
		return "", fmt.Errorf("a file returns %d, one too large %d, the old one then %d, and another %d", first, full, old, again)
	}
	return "507, the old file remains, the next one is accepted", nil
}
