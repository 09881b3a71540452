package idp

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

// passwordHash is an Argon2id hash (RFC 9106) with what it takes to compute it again.
type passwordHash struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	key     []byte
}

const (
	argonMemory  = 19 << 10 // 19 MiB with two passes: OWASP's Password Storage Cheat Sheet
	argonPasses  = 2
	argonThreads = 1
	argonSaltLen = 16
	argonKeyLen  = 32

	maxArgonMemory  = 64 << 10
	maxArgonPasses  = 10
	maxArgonThreads = 4
)

// hashPassword hashes a password with a salt of its own.
func hashPassword(password string) passwordHash {
	h := passwordHash{memory: argonMemory, passes: argonPasses, threads: argonThreads, salt: make([]byte, argonSaltLen)}
	rand.Read(h.salt) // never fails
	h.key = h.derive(password, argonKeyLen)
	return h
}

// nobodysHash costs as much as any other to compare with, and no password has it.
func nobodysHash() passwordHash {
	h := passwordHash{memory: argonMemory, passes: argonPasses, threads: argonThreads, salt: make([]byte, argonSaltLen), key: make([]byte, argonKeyLen)}
	rand.Read(h.salt)
	rand.Read(h.key)
	return h
}

func (h passwordHash) derive(password string, size int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, uint32(size))
}

// matches reports whether password has the hash, in a time that doesn't tell how nearly.
func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.key, h.derive(password, len(h.key))) == 1
}

// String writes the hash in the PHC string format, as the reference
// implementation of Argon2 does.
func (h passwordHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

var errNotPHC = errors.New("a stored password hash isn't one of Argon2id within bounds")

// parsePasswordHash reads what String wrote. It refuses every other spelling,
// and parameters that would cost too much or protect too little.
func parsePasswordHash(s string) (passwordHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return passwordHash{}, errNotPHC
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return passwordHash{}, errNotPHC
	}
	memory, memoryErr := parameter(params[0], "m=", 32)
	passes, passesErr := parameter(params[1], "t=", 32)
	threads, threadsErr := parameter(params[2], "p=", 8)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(memoryErr, passesErr, threadsErr, saltErr, keyErr) != nil {
		return passwordHash{}, errNotPHC
	}
	h := passwordHash{memory: uint32(memory), passes: uint32(passes), threads: uint8(threads), salt: salt, key: key}
	if !h.withinBounds() || h.String() != s {
		return passwordHash{}, errNotPHC
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

func (h passwordHash) withinBounds() bool {
	return within(h.threads, 1, maxArgonThreads) &&
		within(h.memory, 8*uint32(h.threads), maxArgonMemory) && // RFC 9106, section 3.1
		within(h.passes, 1, maxArgonPasses) &&
		within(len(h.salt), 8, 64) &&
		within(len(h.key), 16, 64)
}

func within[N int | uint8 | uint32](n, low, high N) bool { return low <= n && n <= high }
