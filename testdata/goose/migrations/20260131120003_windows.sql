-- +goose Up
CREATE TABLE windows (
	id int
);

-- +goose Down
DROP TABLE windows;
