package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func storeDown(ctx context.Context, bed *testbed) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := listener.Addr().String()
	listener.Close()
	s, err := bed.start(map[string]string{
		"S3_BUCKET_NAME": "faults", "S3_FORCE_PATH_STYLE": "true", "AWS_ENDPOINT_URL_S3": "http://" + address,
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
	}, "--without-file-isolation")
	if err != nil {
		return "", err
	}
	var token string
	for began := time.Now(); token == ""; time.Sleep(100 * time.Millisecond) {
		if token, err = s.owner(ctx, fmt.Sprintf("acme-%d", time.Since(began)/time.Millisecond)); err != nil && time.Since(began) > 40*time.Second {
			return "", err
		}
	}
	began := time.Now()
	ready, _ := s.get(ctx, "/readyz")
	waited := time.Since(began)
	status, _, answer := s.send(ctx, http.MethodPost, s.url+"/files/upload-url", `{"filename": "a"}`, "Authorization: Bearer "+token)
	if ready != http.StatusServiceUnavailable || waited > 5*time.Second || status != http.StatusOK || answer["uploadUrl"] == nil {
		return "", fmt.Errorf("/readyz is %d after %s, a URL returns %d", ready, waited, status)
	}
	listener, err = net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	store := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}), ReadHeaderTimeout: time.Second}
	go func() { _ = store.Serve(listener) }()
	bed.closers = append(bed.closers, func() { _ = store.Close() })
	took, err := s.awaitReady(ctx, 10*time.Second)
	return fmt.Sprintf("503 after %d ms, URLs signed; ready %d ms after its return", waited.Milliseconds(), took.Milliseconds()), err
}

// diskFull keeps the files on a disk of 8 MiB. Mounting one requires root.
func diskFull(ctx context.Context, bed *testbed) (string, error) {
	objects := filepath.Join(bed.dir, "data", "objects")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return "", err
	}
	if err := os.Chmod(filepath.Join(bed.dir, "data"), 0o700); err != nil {
		return "", err
	}
	if err := mountSmall(objects); err != nil {
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
