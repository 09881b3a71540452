-- What happened: the audit log, and what consumers read. An event stays as it was
-- recorded, except that the sequencer gives it its position once, and a purge blanks
-- addresses.
CREATE TABLE partywall.events (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	position         bigint UNIQUE, -- null: not numbered yet
	at               timestamptz NOT NULL DEFAULT clock_timestamp(),
	kind             text COLLATE "C" NOT NULL,
	tenant           text COLLATE "C" NOT NULL, -- no reference: events outlive their tenant
	actor            text COLLATE "C" NOT NULL CHECK (actor IN ('user', 'operator', 'system')),
	actor_provider   text COLLATE "C" NOT NULL DEFAULT '',
	actor_subject    text COLLATE "C" NOT NULL DEFAULT '',
	behalf_provider  text COLLATE "C" NOT NULL DEFAULT '',
	behalf_subject   text COLLATE "C" NOT NULL DEFAULT '',
	address          inet,
	request_id       text COLLATE "C" NOT NULL DEFAULT '',
	data             json NOT NULL CHECK (octet_length(data::text) <= 4096)
);
CREATE INDEX events_unnumbered ON partywall.events (id) WHERE position IS NULL;
CREATE INDEX events_of_tenant ON partywall.events (tenant, position);
CREATE INDEX events_that_begin ON partywall.events (tenant, id) WHERE kind IN ('tenant.created', 'tenant.claimed');
CREATE INDEX events_by_time ON partywall.events (at);

-- The owner of the table is not subject to these.
ALTER TABLE partywall.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON partywall.events FOR SELECT USING (true);
CREATE POLICY record ON partywall.events FOR INSERT WITH CHECK (position IS NULL);
CREATE POLICY number ON partywall.events FOR UPDATE USING (position IS NULL) WITH CHECK (position IS NOT NULL);

-- The last position. Its lock is the sequencer's.
CREATE TABLE partywall.event_positions (
	only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	last     bigint NOT NULL DEFAULT 0
);
INSERT INTO partywall.event_positions DEFAULT VALUES;

-- How far each consumer is. Its lease belongs to the process that is at work.
CREATE TABLE partywall.event_consumers (
	name         text COLLATE "C" PRIMARY KEY,
	position     bigint NOT NULL DEFAULT 0, -- up to which events were delivered, or belong to a laggard
	holder       text COLLATE "C" NOT NULL,
	leased_until timestamptz NOT NULL
);

-- The tenants whose events a consumer could not handle, and handles later, so that
-- the events of other tenants go on.
CREATE TABLE partywall.event_laggards (
	consumer text COLLATE "C" NOT NULL REFERENCES partywall.event_consumers ON DELETE CASCADE,
	tenant   text COLLATE "C" NOT NULL,
	position bigint NOT NULL, -- up to which the tenant's events were delivered
	failures integer NOT NULL, -- of the next event
	retry_at timestamptz NOT NULL,
	PRIMARY KEY (consumer, tenant)
);

-- The events that a consumer gave up.
CREATE TABLE partywall.events_set_aside (
	consumer text COLLATE "C" NOT NULL REFERENCES partywall.event_consumers ON DELETE CASCADE,
	event    bigint NOT NULL REFERENCES partywall.events,
	failure  text NOT NULL,
	at       timestamptz NOT NULL DEFAULT now(),
	retry    boolean NOT NULL DEFAULT false, -- the operator asked for another attempt
	PRIMARY KEY (consumer, event)
);
CREATE INDEX events_set_aside_event ON partywall.events_set_aside (event);
