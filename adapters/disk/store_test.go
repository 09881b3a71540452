package disk_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/ports/porttest"
)

// objectsIn opens a store in dir and serves its URLs.
func objectsIn(t *testing.T, dir string) (*disk.Store, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "http", Host: server.Listener.Addr().String(), Path: "/local/objects/"}
	objects, err := disk.Open(dir, make([]byte, 32), base)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(base.Path, objects)
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(func() {
		server.Close()
		objects.Close()
	})
	return objects, server
}

func TestStore(t *testing.T) {
	porttest.ObjectStore(t, func(t *testing.T) porttest.ObjectStorage {
		objects, server := objectsIn(t, t.TempDir())
		return porttest.ObjectStorage{Store: objects, Client: server.Client()}
	})
}

func TestDependency(t *testing.T) {
	porttest.Dependency(t, func(t *testing.T) porttest.Outage {
		dir := filepath.Join(t.TempDir(), "objects")
		objects, _ := objectsIn(t, dir)
		uploads := filepath.Join(dir, ".uploads")
		return porttest.Outage{
			Dependency: objects,
			Break:      func(t *testing.T) { rename(t, uploads, uploads+".away") },
			Restore:    func(t *testing.T) { rename(t, uploads+".away", uploads) },
		}
	})
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
