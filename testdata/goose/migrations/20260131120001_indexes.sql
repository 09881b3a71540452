-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY invoices_by_customer ON invoices (customer);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "By Name" ON customers (lower(name)) WHERE name <> ';';
CREATE INDEX CONCURRENTLY soon_dropped ON customers (name);
DROP INDEX CONCURRENTLY soon_dropped;
REINDEX INDEX CONCURRENTLY invoices_by_customer;
-- +goose Down
DROP INDEX CONCURRENTLY invoices_by_customer;
DROP INDEX CONCURRENTLY "By Name";
