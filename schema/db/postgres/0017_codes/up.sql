-- Where the hub gives the official codes of an agency's dossiers: how, as JSON; null where the city's system gives them.
ALTER TABLE tenants ADD COLUMN codes TEXT COLLATE "C";
-- The ledger reads those of the few agencies again whenever an operator has done something.
CREATE INDEX tenants_with_codes ON tenants (key) WHERE codes IS NOT NULL;
-- The last running number taken of a day under a unit. One row a unit and day on which something was accepted; kept 400 days.
CREATE TABLE code_counters (
    day TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (day, unit)
);
