-- +goose Up
-- +goose StatementBegin
CREATE TYPE state AS ENUM ('draft', 'sent');
ALTER TABLE invoices ADD state state NOT NULL DEFAULT 'draft';
-- +goose StatementEnd
COMMENT ON TABLE invoices IS 'what is owed; in cents';
-- +goose StatementBegin
DO $$
BEGIN
	UPDATE invoices SET state = 'sent' WHERE id = 1;
END $$;
-- +goose StatementEnd
