package argon2_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp/argon2"
	"github.com/partywall-go/partywall/domain"
)

var password = domain.NewSecret("correct horse battery staple")

func TestAHashCostsWhatOWASPRecommends(t *testing.T) {
	hash, err := argon2.New(argon2.Config{}).Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("it is %s", hash)
	}
}

func TestTooManyPasswordsAtOnce(t *testing.T) {
	hasher := argon2.New(argon2.Config{Queue: 1, Wait: 7 * time.Second})
	stored, err := hasher.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 20*runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = hasher.Verify(t.Context(), stored, password) })
	}
	wg.Wait()
	verified, refused := 0, 0
	for _, err := range errs {
		if err == nil {
			verified++
			continue
		}
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeIdentityProviderUnavailable || e.Kind != domain.Unavailable || e.RetryAfter != 7*time.Second {
			t.Errorf("got %v", err)
		}
		refused++
	}
	if verified == 0 || refused == 0 {
		t.Errorf("%d were verified and %d refused", verified, refused)
	}
	if _, err := hasher.Verify(t.Context(), stored, password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
