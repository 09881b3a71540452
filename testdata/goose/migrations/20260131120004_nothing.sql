-- +goose Up

-- +goose Down
DROP TABLE customers;
