package realservers

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

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
	return startObjectServer(ctx, func(s *ObjectServer) *exec.Cmd {
		cmd := exec.Command(program, "server", s.folder, "--address", childserver.Address(s.port), "--quiet")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey}
		return cmd
	})
}

func buildMinIO(ctx context.Context) (string, error) {
	dir, err := built(ctx, "minio-20260212", func(ctx context.Context, dir string) error {
		return tool(ctx, dir, []string{"GOBIN=" + dir, "GOFLAGS="}, "go", "install", minio)
	})
	return filepath.Join(dir, "minio"), err
}
