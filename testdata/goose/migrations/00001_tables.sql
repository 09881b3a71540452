-- What every tenant has.

-- +goose Up
CREATE TABLE customers (
	id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL -- as it stands on invoices; never empty
);
CREATE TABLE invoices (id bigint PRIMARY KEY, customer bigint REFERENCES customers, cents int CHECK (cents > 0));

-- +goose Down
DROP TABLE invoices;
DROP TABLE customers;
