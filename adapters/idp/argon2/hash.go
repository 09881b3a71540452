package argon2

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// hash is an Argon2id hash (RFC 9106) with the parameters that it was made with.
type hash struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	key     []byte
}

const (
	defaultMemory  = 19 << 10 // 19 MiB with two passes: OWASP's Password Storage Cheat Sheet
	defaultPasses  = 2
	defaultThreads = 1
	saltLen        = 16
	keyLen         = 32

	maxMemory  = 64 << 10
	maxPasses  = 10
	maxThreads = 4
)

// newHash hashes a password with a new random salt.
func newHash(password string) hash {
	h := hash{memory: defaultMemory, passes: defaultPasses, threads: defaultThreads, salt: make([]byte, saltLen)}
	rand.Read(h.salt) // never fails
	h.key = h.derive(password, keyLen)
	return h
}

// decoy returns a hash that no password has. Verifying it takes as long as any other.
func decoy() hash {
	h := hash{memory: defaultMemory, passes: defaultPasses, threads: defaultThreads, salt: make([]byte, saltLen), key: make([]byte, keyLen)}
	rand.Read(h.salt)
	rand.Read(h.key)
	return h
}

func (h hash) derive(password string, size int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, uint32(size))
}

// matches reports whether password has the hash. Its time does not depend on where
// the two differ.
func (h hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.key, h.derive(password, len(h.key))) == 1
}

// String formats the hash in the PHC string format, as the reference
// implementation of Argon2 does.
func (h hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

var errNotPHC = errors.New("a stored password hash is not one of Argon2id, or its parameters are out of bounds")

// parse reads what String returns. It refuses every other spelling,
// and parameters that cost too much or protect too little.
func parse(s string) (hash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return hash{}, errNotPHC
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return hash{}, errNotPHC
	}
	memory, memoryErr := parameter(params[0], "m=", 32)
	passes, passesErr := parameter(params[1], "t=", 32)
	threads, threadsErr := parameter(params[2], "p=", 8)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(memoryErr, passesErr, threadsErr, saltErr, keyErr) != nil {
		return hash{}, errNotPHC
	}
	h := hash{memory: uint32(memory), passes: uint32(passes), threads: uint8(threads), salt: salt, key: key}
	if !h.withinBounds() || h.String() != s {
		return hash{}, errNotPHC
	}
	return h, nil
}

func parameter(s, name string, bits int) (uint64, error) {
	digits, found := strings.CutPrefix(s, name)
	if !found {
		return 0, errNotPHC
	}
	return strconv.ParseUint(digits, 10, bits)
}

func (h hash) withinBounds() bool {
	return within(h.threads, 1, maxThreads) &&
		within(h.memory, 8*uint32(h.threads), maxMemory) && // RFC 9106, section 3.1
		within(h.passes, 1, maxPasses) &&
		within(len(h.salt), 8, 64) &&
		within(len(h.key), 16, 64)
}

func within[N int | uint8 | uint32](n, low, high N) bool { return low <= n && n <= high }
