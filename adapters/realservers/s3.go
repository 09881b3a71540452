package realservers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

const versitygw = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// ObjectServer is a server that speaks S3, checks signatures and expiry, and has one empty bucket.
type ObjectServer struct {
	Endpoint  string
	Region    string
	Bucket    string
	AccessKey string
	SecretKey string

	// UserAccessKey and UserSecretKey are of an account that may do only what a policy
	// of the bucket allows it.
	UserAccessKey string
	UserSecretKey string

	command func() *exec.Cmd
	port    int
	folder  string
	process *process // nil while it's stopped
}

// S3 starts an S3 server for a test.
func S3(t testing.TB) *ObjectServer {
	t.Helper()
	return own(t, StartS3)
}

// StartS3 starts an S3 server. An error may be [Missing].
func StartS3(ctx context.Context) (*ObjectServer, error) {
	program, err := buildVersitygw(ctx)
	if err != nil {
		return nil, &Missing{Server: "versitygw", Install: "go install " + versitygw, Err: err}
	}
	return startObjectServer(ctx, func(s *ObjectServer) *exec.Cmd {
		objects, versions, accounts := filepath.Join(s.folder, "objects"), filepath.Join(s.folder, "versions"), filepath.Join(s.folder, "accounts")
		for _, folder := range []string{objects, versions, accounts} {
			_ = os.MkdirAll(folder, 0o700) // the server says what is wrong with a folder that is missing
		}
		_ = os.WriteFile(filepath.Join(accounts, "users.json"), s.accounts(), 0o600)
		cmd := exec.Command(program, "--port", childserver.Address(s.port), "--region", s.Region, "--iam-dir", accounts, "--quiet", "posix", "--versioning-dir", versions, objects)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey}
		return cmd
	})
}

// startObjectServer runs the command, which listens on the server's port, and makes
// the bucket.
func startObjectServer(ctx context.Context, command func(*ObjectServer) *exec.Cmd) (*ObjectServer, error) {
	port, err := childserver.FreePort()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "partywall-s3-")
	if err != nil {
		return nil, err
	}
	s := &ObjectServer{
		Endpoint: "http://" + childserver.Address(port), Region: "us-east-1", Bucket: "partywall",
		AccessKey: "AK" + rand.Text()[:18], SecretKey: rand.Text(),
		UserAccessKey: "AK" + rand.Text()[:18], UserSecretKey: rand.Text(),
		port: port, folder: folder,
	}
	s.command = func() *exec.Cmd { return command(s) }
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	patient := func(o *s3.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 30) } // it may listen before it is ready
	if _, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(s.Bucket)}, patient); err != nil {
		return nil, errors.Join(fmt.Errorf("making a bucket: %w", err), s.Close())
	}
	return s, nil
}

// accounts returns versitygw's file of accounts, with the one account that is not the owner.
func (s *ObjectServer) accounts() []byte {
	return fmt.Appendf(nil, `{"accessAccounts": {%q: {"access": %[1]q, "secret": %q, "role": "user"}}}`, s.UserAccessKey, s.UserSecretKey)
}

func buildVersitygw(ctx context.Context) (string, error) {
	dir, err := fetched(ctx, "versitygw-1.8.0", func(ctx context.Context, dir string) error {
		return tool(ctx, dir, []string{"GOBIN=" + dir, "GOFLAGS="}, "go", "install", versitygw)
	})
	return filepath.Join(dir, "versitygw"), err
}

// Client speaks to the server as its owner.
func (s *ObjectServer) Client() *s3.Client {
	return s3.New(s3.Options{
		Region:       s.Region,
		BaseEndpoint: aws.String(s.Endpoint),
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}

// KeepVersions has the bucket keep the versions of objects that are replaced or deleted.
func (s *ObjectServer) KeepVersions(ctx context.Context) error {
	_, err := s.Client().PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket:                  aws.String(s.Bucket),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	return err
}

// Versions returns the keys below prefix, one for each version and each delete marker, at
// most 1,000.
func (s *ObjectServer) Versions(ctx context.Context, prefix string) (keys []string, err error) {
	listed, err := s.Client().ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String(s.Bucket), Prefix: aws.String(prefix)})
	if err != nil {
		return nil, err
	}
	for _, version := range listed.Versions {
		keys = append(keys, aws.ToString(version.Key))
	}
	for _, marker := range listed.DeleteMarkers {
		keys = append(keys, aws.ToString(marker.Key))
	}
	return keys, nil
}

// Start starts the server again after [ObjectServer.Stop]: same address, same objects.
func (s *ObjectServer) Start(ctx context.Context) (err error) {
	cmd := s.command()
	cmd.Dir = s.folder
	s.process, err = launch(ctx, cmd, answers(s.port))
	if err != nil {
		return fmt.Errorf("starting an S3 server: %w", err)
	}
	return nil
}

// Stop stops the server until [ObjectServer.Start].
func (s *ObjectServer) Stop() {
	if s.process != nil {
		s.process.End()
		s.process = nil
	}
}

// Close stops the server and removes its objects.
func (s *ObjectServer) Close() error {
	s.Stop()
	return os.RemoveAll(s.folder)
}
