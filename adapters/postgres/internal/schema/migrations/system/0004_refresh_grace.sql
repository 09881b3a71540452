-- A refresh token may be exchanged once more for a moment. Tokens that were rotated
-- by a release that knew no such grace have no time, and get none.
ALTER TABLE partywall.refresh_tokens
	ADD COLUMN rotated_at  timestamptz,
	ADD COLUMN predecessor bytea; -- the token of the same session that this one was exchanged for
