-- +goose Up
INSERT INTO customers (name) VALUES ('a;b'), ('it''s; "quoted"'), (E'back\\slash\';'), ($tag$dollar; $$ quoted$tag$), ('Zoë 漢字');
INSERT INTO invoices VALUES (1, 1, 100); -- the first
INSERT INTO invoices VALUES (2, /* the second; of two */ 1, 200);
-- +goose Down
DELETE FROM invoices;
