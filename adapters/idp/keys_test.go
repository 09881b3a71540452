package idp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/adapters/idp"
)

const (
	signingKeyFile = "signing-key.pem"
	secretFile     = "secret.pem"
)

func TestOpenKeys(t *testing.T) {
	t.Run("the first time makes keys, the next finds them", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data", "keys")
		first, second := openKeys(t, dir), openKeys(t, dir)
		mustBeSameKeys(t, first, second)
		if bits := first.PublicKey().N.BitLen(); bits != 2048 {
			t.Errorf("the key has %d bits", bits)
		}
		if len(first.URLSecret()) != 32 {
			t.Errorf("the URL secret has %d bytes", len(first.URLSecret()))
		}
	})
	t.Run("two folders have different keys", func(t *testing.T) {
		one, other := openKeys(t, t.TempDir()), openKeys(t, t.TempDir())
		if one.KeyID() == other.KeyID() || bytes.Equal(one.URLSecret(), other.URLSecret()) {
			t.Error("they share some")
		}
	})
	t.Run("of eight that make them at once, all get the same", func(t *testing.T) {
		dir := t.TempDir()
		var keys [8]*idp.Keys
		var errs [8]error
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() { keys[i], errs[i] = idp.OpenKeys(dir) })
		}
		wg.Wait()
		for i := range keys {
			mustDo(t, errs[i])
			mustBeSameKeys(t, keys[0], keys[i])
		}
		entries, err := os.ReadDir(dir)
		mustDo(t, err)
		if len(entries) != 2 {
			t.Errorf("they left %v", entries)
		}
	})
	t.Run("the folder and the files are closed to others", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "keys")
		mustDo(t, os.Mkdir(dir, 0o755))
		openKeys(t, dir)
		for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, signingKeyFile): 0o600, filepath.Join(dir, secretFile): 0o600} {
			info, err := os.Stat(path)
			mustDo(t, err)
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s has mode %o, want %o", path, got, want)
			}
		}
	})
}

func TestBrokenKeys(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		content []byte
		say     string
	}{
		"an empty signing key":       {signingKeyFile, nil, "restore it from a backup"},
		"a signing key of words":     {signingKeyFile, []byte("let me in\n"), "restore it from a backup"},
		"a signing key cut short":    {signingKeyFile, pemOf("PRIVATE KEY", rsaKey(t, 2048)[:100]), "restore it from a backup"},
		"a signing key of 1024 bits": {signingKeyFile, pemOf("PRIVATE KEY", rsaKey(t, 1024)), "2048 bits"},
		"a signing key of a curve":   {signingKeyFile, pemOf("PRIVATE KEY", curveKey(t)), "no RSA key"},
		"a certificate":              {signingKeyFile, pemOf("CERTIFICATE", rsaKey(t, 2048)), "restore it from a backup"},
		"two signing keys":           {signingKeyFile, bytes.Repeat(pemOf("PRIVATE KEY", rsaKey(t, 2048)), 2), "restore it from a backup"},
		"a short secret":             {secretFile, pemOf("PARTYWALL SECRET", make([]byte, 31)), "31 bytes"},
		"an empty secret":            {secretFile, nil, "restore it from a backup"},
	} {
		t.Run(name+" is one line that names the file", func(t *testing.T) {
			dir := t.TempDir()
			openKeys(t, dir)
			mustDo(t, os.WriteFile(filepath.Join(dir, c.file), c.content, 0o600))
			mustFailToOpen(t, dir, c.file, c.say)
			kept, err := os.ReadFile(filepath.Join(dir, c.file))
			mustDo(t, err)
			if !bytes.Equal(kept, c.content) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a file that others may read is refused, with advice how to close it", func(t *testing.T) {
		dir := t.TempDir()
		openKeys(t, dir)
		mustDo(t, os.Chmod(filepath.Join(dir, signingKeyFile), 0o640))
		mustFailToOpen(t, dir, signingKeyFile, "chmod 600 ")
	})
	t.Run("a folder in place of a file is refused", func(t *testing.T) {
		dir := t.TempDir()
		mustDo(t, os.Mkdir(filepath.Join(dir, secretFile), 0o700))
		mustFailToOpen(t, dir, secretFile, "a regular file; move it away")
	})
	t.Run("a file in place of the folder is refused", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys")
		mustDo(t, os.WriteFile(path, nil, 0o600))
		mustFailToOpen(t, path, "keys", "a folder; move it away")
	})
}

// TestKeysOfAnotherUser plants keys with which another user could sign tokens.
func TestKeysOfAnotherUser(t *testing.T) {
	prepared := t.TempDir()
	openKeys(t, prepared)
	t.Run("a link to another file is refused", func(t *testing.T) {
		for _, file := range []string{signingKeyFile, secretFile} {
			dir := t.TempDir()
			mustDo(t, os.Symlink(filepath.Join(prepared, file), filepath.Join(dir, file)))
			mustFailToOpen(t, dir, file, "is a link")
		}
	})
	if os.Geteuid() != 0 {
		return // only root can change a file's owner, and so act as another user
	}
	give := func(t *testing.T, path string) {
		t.Helper()
		mustDo(t, os.Lchown(path, 12345, 12345))
	}
	copied := func(t *testing.T, dir string) string {
		t.Helper()
		mustDo(t, os.MkdirAll(dir, 0o700))
		for _, file := range []string{signingKeyFile, secretFile} {
			content, err := os.ReadFile(filepath.Join(prepared, file))
			mustDo(t, err)
			mustDo(t, os.WriteFile(filepath.Join(dir, file), content, 0o600))
		}
		return dir
	}
	t.Run("a folder that another user prepared is refused", func(t *testing.T) {
		dir := copied(t, filepath.Join(t.TempDir(), "keys"))
		give(t, dir)
		mustFailToOpen(t, dir, "keys", "user ID 12345")
	})
	t.Run("a file of another user's is refused", func(t *testing.T) {
		for _, file := range []string{signingKeyFile, secretFile} {
			dir := copied(t, filepath.Join(t.TempDir(), "keys"))
			give(t, filepath.Join(dir, file))
			mustFailToOpen(t, dir, file, "user ID 12345")
		}
	})
	t.Run("a folder in one that another user can replace is refused", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		dir := copied(t, filepath.Join(data, "keys"))
		give(t, data)
		mustFailToOpen(t, dir, "data", "user ID 12345")
	})
}

func openKeys(t *testing.T, dir string) *idp.Keys {
	t.Helper()
	keys, err := idp.OpenKeys(dir)
	mustDo(t, err)
	return keys
}

// mustFailToOpen requires an error of one line that names the file and what to do.
func mustFailToOpen(t *testing.T, dir, file, say string) {
	t.Helper()
	_, err := idp.OpenKeys(dir)
	if err == nil {
		t.Fatal("they were opened")
	}
	if line := err.Error(); strings.Contains(line, "\n") || !strings.Contains(line, file) || !strings.Contains(line, say) {
		t.Errorf("the error is %q", line)
	}
}

func mustBeSameKeys(t *testing.T, a, b *idp.Keys) {
	t.Helper()
	if a.KeyID() != b.KeyID() || !a.PublicKey().Equal(b.PublicKey()) || !bytes.Equal(a.URLSecret(), b.URLSecret()) || !bytes.Equal(a.JWKS(), b.JWKS()) {
		t.Error("the keys differ")
	}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func rsaKey(t *testing.T, bits int) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	mustDo(t, err)
	return pkcs8(t, key)
}

func curveKey(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mustDo(t, err)
	return pkcs8(t, key)
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	mustDo(t, err)
	return der
}
