-- Invitations to tenants, by mail or by link. partywall.invitations has the claims of an
-- older release.
CREATE TABLE partywall.tenant_invitations (
	id                text COLLATE "C" PRIMARY KEY, -- in the order of creation
	tenant            text COLLATE "C" NOT NULL REFERENCES partywall.tenants ON DELETE CASCADE,
	role              text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
	email             text, -- null: by link
	email_key         text COLLATE "C", -- the form that all spellings of the address have in common
	created_kind      text COLLATE "C" NOT NULL CHECK (created_kind IN ('user', 'operator', 'system')),
	created_provider  text COLLATE "C" NOT NULL DEFAULT '',
	created_subject   text COLLATE "C" NOT NULL DEFAULT '',
	created_at        timestamptz NOT NULL DEFAULT now(),
	life              bigint NOT NULL, -- in microseconds, from each resending again
	expires_at        timestamptz NOT NULL,
	generation        integer NOT NULL DEFAULT 1, -- of the token
	token             bytea UNIQUE, -- its hash; null: the mail is not sent yet
	state             text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'revoked')), -- open: also if it has expired
	accepted_provider text COLLATE "C" NOT NULL DEFAULT '',
	accepted_subject  text COLLATE "C" NOT NULL DEFAULT '',
	CHECK ((email IS NULL) = (email_key IS NULL)),
	CHECK ((state = 'accepted') = (accepted_subject <> ''))
);
CREATE INDEX tenant_invitations_in_order ON partywall.tenant_invitations (tenant, state, id);
CREATE INDEX tenant_invitations_open ON partywall.tenant_invitations (tenant, expires_at) WHERE state = 'open';
CREATE UNIQUE INDEX tenant_invitations_address ON partywall.tenant_invitations (tenant, email_key) WHERE state = 'open';

-- The mails of invitations, which are limited for each tenant and for each address over
-- all tenants. The address is a hash.
CREATE TABLE partywall.invitation_mails (
	tenant  text COLLATE "C" NOT NULL,
	address bytea NOT NULL,
	sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX invitation_mails_of_tenant ON partywall.invitation_mails (tenant, sent_at);
CREATE INDEX invitation_mails_to_address ON partywall.invitation_mails (address, sent_at);
CREATE INDEX invitation_mails_expiring ON partywall.invitation_mails (sent_at);
