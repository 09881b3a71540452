package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// ObjectStore describes, lists and deletes files. It sees each change as soon as the
// request that made it was answered.
//
// An absent key is a [domain.NotFound] error, except where a method says otherwise. A
// store that cannot be reached is [domain.CodeObjectStoreUnavailable].
type ObjectStore interface {
	// Stat describes the object that the store holds under key.
	Stat(ctx context.Context, key domain.ObjectKey) (ObjectInfo, error)

	// List returns at most limit objects that begin with prefix and come after after, in
	// the order of their keys by byte. The zero ObjectKey comes before all; after does
	// not have to exist. Fewer than limit objects are the last ones. What the store holds
	// under a name that no ObjectKey has is left out.
	//
	// An object that exists from the first page to the last is on exactly one of them,
	// whatever is put and deleted meanwhile.
	List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ListedObject, error)

	// Delete removes key. Deleting an absent key is no error. A store that keeps
	// versions may keep the object as an old version.
	Delete(ctx context.Context, key domain.ObjectKey) error
}

// ObjectInfo describes a stored object.
type ObjectInfo struct {
	Size        int64 // bytes
	ContentType string
	ModifiedAt  time.Time
}

// ListedObject is an object of a list. S3 lists no content types, so
// [ObjectStore.Stat] returns them.
type ListedObject struct {
	Key        domain.ObjectKey
	Size       int64 // bytes
	ModifiedAt time.Time
}

// ErrNoObject is the error of a store that does not have the object.
var ErrNoObject = domain.Errorf(domain.NotFound, "there is no such file")
