package realservers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

const minio = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"

// StartMinIO starts MinIO, an S3 server that obeys unsigned headers, with one
// empty bucket. Building it takes minutes, once. An error may be [Missing].
func StartMinIO(ctx context.Context) (*ObjectServer, error) {
	program, err := buildMinIO(ctx)
	if err != nil {
		return nil, &Missing{Server: "MinIO", Install: "go install " + minio, Err: err}
	}
	port, err := childserver.FreePort()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "partywall-minio-")
	if err != nil {
		return nil, err
	}
	s := &ObjectServer{
		Endpoint: "http://" + childserver.Address(port), Region: "us-east-1", Bucket: "partywall",
		AccessKey: "AK" + rand.Text()[:18], SecretKey: rand.Text(),
		port: port, folder: folder,
	}
	s.command = func() *exec.Cmd {
		cmd := exec.Command(program, "server", s.folder, "--address", childserver.Address(port), "--quiet")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey}
		return cmd
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	patient := func(o *s3.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 30) } // it listens before it is ready
	if _, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(s.Bucket)}, patient); err != nil {
		return nil, errors.Join(fmt.Errorf("starting MinIO: %w", err), s.Close())
	}
	return s, nil
}

func buildMinIO(ctx context.Context) (string, error) {
	dir, err := built(ctx, "minio-20260212", func(ctx context.Context, dir string) error {
		return tool(ctx, dir, []string{"GOBIN=" + dir, "GOFLAGS="}, "go", "install", minio)
	})
	return filepath.Join(dir, "minio"), err
}
