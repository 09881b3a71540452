CREATE TABLE plans (name text PRIMARY KEY, cents_a_month bigint NOT NULL);
INSERT INTO plans VALUES ('starter', 900), ('growth', 4900);
GRANT SELECT ON plans TO PUBLIC;
