package ports_test

import (
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestUploadsThatNoStoreCouldSignAreInvalid(t *testing.T) {
	if err := (ports.Upload{ContentType: "text/plain", SHA256: make([]byte, 32), TTL: time.Minute}).Validate(); err != nil {
		t.Fatal(err)
	}
	for field, upload := range map[string]ports.Upload{
		"maxSize": {MaxSize: -1, TTL: time.Minute},
		"sha256":  {SHA256: []byte("short"), TTL: time.Minute},
		"ttl":     {},
	} {
		mustBeInvalid(t, upload.Validate(), field)
	}
	mustBeInvalid(t, ports.Upload{SHA256: []byte{}, TTL: time.Minute}.Validate(), "sha256")
	for _, contentType := range []string{"text/plain\r\nX-Amz-Acl: public-read", "text/\u00e4", " text/plain"} {
		mustBeInvalid(t, ports.Upload{ContentType: contentType, TTL: time.Minute}.Validate(), "contentType")
	}
}

func TestDownloadsThatNoStoreCouldSignAreInvalid(t *testing.T) {
	if err := (ports.Download{Disposition: `attachment; filename="a"`, ContentType: "text/plain", TTL: time.Minute}).Validate(); err != nil {
		t.Fatal(err)
	}
	for field, download := range map[string]ports.Download{
		"disposition": {Disposition: "attachment\r\nSet-Cookie: a=b", TTL: time.Minute},
		"contentType": {ContentType: "text/plain\nX: y", TTL: time.Minute},
		"ttl":         {},
	} {
		mustBeInvalid(t, download.Validate(), field)
	}
}

func mustBeInvalid(t *testing.T, err error, field string) {
	t.Helper()
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
		t.Errorf("got %v, want an invalid %s", err, field)
	}
}
