// Package audit writes the audit lines about sign-ins. Sign-ins belong to no tenant, so
// they are no events, whose lines are those of package auditlog.
package audit

import (
	"context"
	"encoding/hex"
	"log/slog"

	"github.com/partywall-go/partywall/domain"
)

// RefreshReused records that a refresh token came twice: once from its rightful
// holder, and once from another. The token names no user; its hash distinguishes
// lines about one token from those about another.
func RefreshReused(ctx context.Context, log *slog.Logger, provider string, refresh domain.Secret) {
	hash := refresh.Hash()
	log.LogAttrs(ctx, slog.LevelWarn, "a refresh token was used again after it was exchanged",
		slog.String("audit", string(domain.CodeRefreshReused)),
		slog.String("provider", provider),
		slog.String("tokenHash", hex.EncodeToString(hash[:8])))
}
