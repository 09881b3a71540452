CREATE TABLE invoices (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text   text   NOT NULL CHECK (text <> ''),
    cents  bigint NOT NULL CHECK (cents > 0)
);
CREATE TABLE subscription (plan text NOT NULL);
