-- How far a way has been told is written several times a second: a row of its own, so that reports that hold an old snapshot of PostgreSQL
-- cost nothing.
CREATE TABLE way_positions (
    tenant TEXT NOT NULL,
    way TEXT NOT NULL,
    number INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    held_by TEXT,
    held_until TEXT,
    PRIMARY KEY (tenant, way, number)
) STRICT, WITHOUT ROWID;
INSERT INTO way_positions (tenant, way, number, cursor, held_by, held_until)
    SELECT tenant, way, 1, cursor, held_by, held_until FROM subscriptions;
ALTER TABLE subscriptions DROP COLUMN cursor;
ALTER TABLE subscriptions DROP COLUMN held_by;
ALTER TABLE subscriptions DROP COLUMN held_until;
