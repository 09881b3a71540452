-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION total(of bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	sum bigint;
BEGIN
	SELECT coalesce(sum(cents), 0) INTO sum FROM invoices WHERE customer = of;
	RETURN sum;
END $$
-- +goose StatementEnd

ALTER TABLE customers ADD total bigint GENERATED ALWAYS AS (1 + 1) STORED;

-- +goose Down
-- +goose StatementBegin
DROP FUNCTION total;
-- +goose StatementEnd
