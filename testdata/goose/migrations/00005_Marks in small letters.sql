--+goose up
CREATE VIEW names AS SELECT name FROM customers;
--+goose down
DROP VIEW names;
