-- Which product set the installation up, and whether it has a hook that every new
-- tenant needs. NULL: Partywall's own program did.
ALTER TABLE partywall.installation
	ADD COLUMN program      text,
	ADD COLUMN on_provision boolean NOT NULL DEFAULT false;
