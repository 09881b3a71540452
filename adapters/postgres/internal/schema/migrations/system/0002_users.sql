-- The users of the built-in identity provider.
CREATE TABLE partywall.users (
	subject       text COLLATE "C" PRIMARY KEY,
	email         text NOT NULL,
	email_key     text COLLATE "C" NOT NULL UNIQUE, -- in lower case
	password_hash text NOT NULL,
	confirmed     boolean NOT NULL,
	created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE partywall.codes (
	subject       text COLLATE "C" NOT NULL REFERENCES partywall.users ON DELETE CASCADE,
	purpose       text COLLATE "C" NOT NULL,
	hash          bytea NOT NULL,
	expires_at    timestamptz NOT NULL,
	attempts_left integer NOT NULL, -- below zero the code is dead
	PRIMARY KEY (subject, purpose)
);

-- A session is the family of the refresh tokens that came one from another.
CREATE TABLE partywall.sessions (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	subject    text COLLATE "C" NOT NULL REFERENCES partywall.users ON DELETE CASCADE,
	expires_at timestamptz NOT NULL,
	ended      boolean NOT NULL DEFAULT false
);
CREATE INDEX sessions_of_user ON partywall.sessions (subject);
CREATE INDEX sessions_expiring ON partywall.sessions (expires_at);

CREATE TABLE partywall.refresh_tokens (
	hash    bytea PRIMARY KEY,
	session bigint NOT NULL REFERENCES partywall.sessions ON DELETE CASCADE,
	rotated boolean NOT NULL DEFAULT false -- a newer token of the session took its place
);
CREATE INDEX refresh_tokens_of_session ON partywall.refresh_tokens (session);
