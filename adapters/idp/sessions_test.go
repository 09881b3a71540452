package idp_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestSessions(t *testing.T) {
	t.Run("a token may be exchanged again for ten seconds", func(t *testing.T) {
		b := open(t, nil)
		token := b.signIn(t, b.join(t, "ada@example.com")).Refresh
		lost, err := b.provider.Refresh(t.Context(), token)
		mustDo(t, err)
		b.now.pass(10*time.Second - time.Microsecond)
		again, err := b.provider.Refresh(t.Context(), token)
		mustDo(t, err)
		for _, tokens := range []ports.Tokens{lost, again} {
			_, err := b.verifier.Verify(t.Context(), tokens.Access)
			mustDo(t, err)
		}
		b.now.pass(time.Microsecond)
		_, err = b.provider.Refresh(t.Context(), token)
		mustBe(t, err, domain.CodeRefreshReused)
		_, err = b.provider.Refresh(t.Context(), again.Refresh)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
	t.Run("a token that was exchanged before ends its whole family, and no other", func(t *testing.T) {
		b := open(t, nil)
		ada := b.join(t, "ada@example.com")
		stolen, elsewhere := b.signIn(t, ada).Refresh, b.signIn(t, ada).Refresh
		next, err := b.provider.Refresh(t.Context(), stolen)
		mustDo(t, err)
		b.now.pass(10 * time.Second)
		_, err = b.provider.Refresh(t.Context(), stolen)
		mustBe(t, err, domain.CodeRefreshReused)
		_, err = b.provider.Refresh(t.Context(), next.Refresh)
		mustBe(t, err, domain.CodeRefreshInvalid)
		_, err = b.provider.Refresh(t.Context(), elsewhere)
		mustDo(t, err)
	})
	t.Run("a token that comes again is in the log, for an audit", func(t *testing.T) {
		var log journal
		b := open(t, func(c *idp.Config) { c.Logger = log.logger() })
		stolen := b.signIn(t, b.join(t, "ada@example.com")).Refresh
		_, err := b.provider.Refresh(t.Context(), stolen)
		mustDo(t, err)
		if lines := log.records(t); len(lines) != 0 {
			t.Errorf("an honest refresh is logged: %v", lines)
		}
		_, err = b.provider.Refresh(t.Context(), stolen)
		mustDo(t, err)
		if lines := log.records(t); len(lines) != 0 {
			t.Errorf("one that is repeated at once is logged: %v", lines)
		}
		b.now.pass(10 * time.Second)
		_, err = b.provider.Refresh(t.Context(), stolen)
		mustBe(t, err, domain.CodeRefreshReused)
		if lines := log.records(t); len(lines) != 1 || lines[0]["audit"] != "refresh_reused" || lines[0]["provider"] != idp.ProviderName {
			t.Errorf("the log has %v", lines)
		}
	})
	t.Run("all clients that exchange one token at once succeed, each with a different token", func(t *testing.T) {
		b := open(t, nil)
		token := b.signIn(t, b.join(t, "ada@example.com")).Refresh
		var next [20]ports.Tokens
		var errs [20]error
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { next[i], errs[i] = b.provider.Refresh(t.Context(), token) })
		}
		wg.Wait()
		different := map[domain.Secret]bool{}
		for i, err := range errs {
			mustDo(t, err)
			different[next[i].Refresh] = true
		}
		if len(different) != len(next) {
			t.Errorf("%d have %d tokens", len(next), len(different))
		}
	})
	t.Run("a session ends after 30 days, however often it is refreshed", func(t *testing.T) {
		b := open(t, nil)
		token := b.signIn(t, b.join(t, "ada@example.com")).Refresh
		for range 2 {
			b.now.pass(14 * 24 * time.Hour)
			tokens, err := b.provider.Refresh(t.Context(), token)
			mustDo(t, err)
			token = tokens.Refresh
		}
		b.now.pass(2 * 24 * time.Hour)
		_, err := b.provider.Refresh(t.Context(), token)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
	t.Run("revoking by a token that was exchanged ends the session, too", func(t *testing.T) {
		b := open(t, nil)
		first := b.signIn(t, b.join(t, "ada@example.com")).Refresh
		next, err := b.provider.Refresh(t.Context(), first)
		mustDo(t, err)
		mustDo(t, b.provider.Revoke(t.Context(), first))
		_, err = b.provider.Refresh(t.Context(), next.Refresh)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
	t.Run("after signing out everywhere an access token lives on until it expires", func(t *testing.T) {
		b := open(t, nil)
		ada := b.join(t, "ada@example.com")
		tokens := b.signIn(t, ada)
		mustDo(t, b.provider.SignOutEverywhere(t.Context(), tokens.Access))
		_, err := b.provider.Refresh(t.Context(), tokens.Refresh)
		mustBe(t, err, domain.CodeRefreshInvalid)
		_, err = b.provider.User(t.Context(), tokens.Access)
		mustDo(t, err)
		b.now.pass(tokens.ExpiresIn)
		_, err = b.provider.User(t.Context(), tokens.Access)
		mustBe(t, err, domain.CodeInvalidToken)
	})
	t.Run("a new password ends all sessions", func(t *testing.T) {
		b := open(t, nil)
		ada := b.join(t, "ada@example.com")
		token := b.signIn(t, ada).Refresh
		b.resetPassword(t, ada)
		_, err := b.provider.Refresh(t.Context(), token)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
	t.Run("the token of a removed user is void", func(t *testing.T) {
		b, emptied := open(t, nil), open(t, nil)
		access := b.signIn(t, b.join(t, "ada@example.com")).Access
		_, err := emptied.provider.User(t.Context(), access)
		mustBe(t, err, domain.CodeInvalidToken)
		mustBe(t, emptied.provider.SignOutEverywhere(t.Context(), access), domain.CodeInvalidToken)
	})
}

func TestSigningInWhileThePasswordIsReset(t *testing.T) {
	t.Run("there is no session by a password that was reset before it starts", func(t *testing.T) {
		var store interleaved
		b := open(t, func(c *idp.Config) {
			store.UserStore = c.Users
			c.Users = &store
		})
		ada := b.join(t, "ada@example.com")
		store.before = func() { b.resetPassword(t, ada) }
		_, err := b.provider.SignIn(t.Context(), ada.email, ada.password)
		mustBe(t, err, domain.CodeInvalidCredentials)
		_, err = store.RotateSession(t.Context(), store.started, domain.NewSecret("next").Hash(), 0)
		mustBe(t, err, domain.CodeRefreshInvalid)
	})
}

func (b fixture) resetPassword(t *testing.T, who account) {
	t.Helper()
	mustDo(t, b.provider.ForgotPassword(t.Context(), who.email))
	mustDo(t, b.provider.ResetPassword(t.Context(), who.email, b.code(t, who.email), domain.NewSecret("a new password")))
}

// interleaved is a store that runs a function just before a session starts.
type interleaved struct {
	ports.UserStore
	before  func()
	started domain.TokenHash
}

func (i *interleaved) StartSession(ctx context.Context, user ports.StoredUser, token domain.TokenHash, ttl time.Duration) error {
	i.started = token
	i.before()
	return i.UserStore.StartSession(ctx, user, token, ttl)
}
